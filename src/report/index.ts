export { collectBridge, type BridgeFacts } from './collect-bridge.js';
export { renderReport } from './render-report.js';
export type {
  BridgeData,
  JointMotion,
  LearningCurve,
  Limits,
  ModelError,
  Motion,
  ReportData,
  ReportEvent,
  ReportHeader,
  SummaryRow,
  TimeShare,
} from './report-data.js';
