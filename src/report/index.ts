export { blackBoxCharts } from './black-box-charts.js';
export { collectBridge, type BridgeFacts } from './collect-bridge.js';
export {
  compareRuns,
  confirmedGoal,
  readComparedRun,
  renderComparison,
  type TaskComparison,
} from './compare/index.js';
export { quantityOf, readMetrics, type EpisodeRow, type Metrics } from './metrics.js';
export { replayCharts, type ReplayedJoint } from './replay-charts.js';
export { renderReport } from './render-report.js';
export type {
  BridgeData,
  JointMotion,
  LearningCurve,
  Limits,
  ModelDiagnostics,
  ModelError,
  Motion,
  ReportData,
  ReportEvent,
  ReportHeader,
  SummaryRow,
  TimeShare,
} from './report-data.js';
export { timeShares } from './time-parts.js';
export { writeFigure } from './write-figure.js';
export { writePage } from './write-page.js';
