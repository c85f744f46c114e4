import * as v from 'valibot';
import { badInput } from '../core/index.js';
import { CONTRACT_VERSION, ENCODINGS, type Contract } from './contract.js';
import { deepFreeze } from './deep-freeze.js';
import { COMMAND_INTERFACES, STOP_ACTIONS } from './model.js';

const finite = v.pipe(v.number(), v.finite());
const magnitude = v.pipe(finite, v.minValue(0));
const rate = v.pipe(finite, v.gtValue(0));
const count = v.pipe(finite, v.integer(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const limits = v.strictObject({
  position: v.exactOptional(v.strictObject({ min: finite, max: finite })),
  softPosition: v.exactOptional(
    v.strictObject({ min: finite, max: finite, kPosition: magnitude, kVelocity: magnitude }),
  ),
  kVelocity: v.exactOptional(magnitude),
  maxVelocity: magnitude,
  maxAcceleration: v.exactOptional(magnitude),
  maxDeceleration: v.exactOptional(magnitude),
  maxJerk: v.exactOptional(magnitude),
  maxEffort: magnitude,
  maxEffortRate: v.exactOptional(magnitude),
});

const contractSchema: v.GenericSchema<unknown, Contract> = v.strictObject({
  version: v.literal(CONTRACT_VERSION),
  robot: v.string(),
  urdfSha256: sha256,
  task: v.string(),
  commanded: v.array(
    v.strictObject({ name: v.string(), interface: v.picklist(COMMAND_INTERFACES), unit: v.string() }),
  ),
  measured: v.array(v.string()),
  limits: v.record(v.string(), limits),
  controlRateHz: rate,
  policyRateHz: rate,
  commandLatency: magnitude,
  actuatorLag: magnitude,
  positionMargin: magnitude,
  stopAction: v.nullable(v.picklist(STOP_ACTIONS)),
  action: v.strictObject({ mode: v.picklist(['absolute', 'increment']), scale: v.array(finite) }),
  gateConfigHash: v.string(),
  observations: v.array(
    v.strictObject({
      topic: v.string(),
      field: v.string(),
      unit: v.string(),
      timeoutMs: rate,
      sensor: v.exactOptional(v.string()),
      link: v.exactOptional(v.string()),
    }),
  ),
  observation: v.strictObject({
    history: count,
    previousActions: count,
    encodings: v.record(v.string(), v.picklist(ENCODINGS)),
  }),
  simulation: v.nullable(v.record(v.string(), v.union([v.string(), finite, v.boolean()]))),
});

/**
 * A contract as read from disk (parsed JSON), checked and deep-frozen.
 * @param file path for messages
 * @throws BAD_INPUT when it is of another version or not a contract
 */
export function parseContract(value: unknown, file: string): Contract {
  const result = v.safeParse(contractSchema, value);
  if (result.success) return deepFreeze(result.output);
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? 'contract';
  throw badInput(
    `${file}: ${path} is ${JSON.stringify(issue.input) ?? 'missing'}, expected ${issue.expected ?? issue.message}; ` +
      `the file is damaged or of another version (this dynabridge reads version ${CONTRACT_VERSION}), train again or restore it`,
    { file, path },
  );
}
