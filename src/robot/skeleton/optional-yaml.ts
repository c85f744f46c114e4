import * as v from 'valibot';
import { agentSchema, locksSchema, teleopSchema } from '../authority-schema.js';
import { robotSchema } from '../robot-schema.js';
import { sensorsSchema } from '../sensor-schema.js';
import type { YamlLines } from './yaml-lines.js';

type Defaults<S extends v.GenericSchema> = v.InferOutput<S>;
const { prediction, black_box, downstream } = robotSchema.entries;

const TELEOP: Readonly<Record<keyof Defaults<typeof teleopSchema>, string>> = {
  command_timeout_ms: '[ms] that a command is acted on',
  link_timeout_ms: '[ms] of silence that end the link',
  max_velocity_scale: 'share of max_velocity (efforts: of max_effort) at full deflection',
  dead_band: 'share of the way of a stick that counts as its middle',
  state_rate_hz: '[Hz] that the device is told where the robot is',
  required: 'true: the agent is not engaged without a linked device',
  joint_jog: 'true: over the network too, by control_msgs/msg/JointJog on ~/joint_jog',
  may_engage: 'true: the device may ask for the agent to be engaged',
  priority: 'above agent.priority',
};
const AGENT: Readonly<Record<keyof Defaults<typeof agentSchema>, string>> = {
  timeout_ms: '[ms] without an answer that end its authority',
  priority: 'below teleop.priority',
};
const PREDICTION: Readonly<Record<keyof Defaults<typeof prediction>, string>> = {
  enabled: 'false: what the agent asks for is not predicted by its world model',
  horizon: 'policy steps to look ahead',
};
const BLACK_BOX: Readonly<Record<keyof Defaults<typeof black_box>, string>> = {
  seconds: '[s] kept before a trip',
};

const DOWNSTREAM: Readonly<Record<keyof Defaults<typeof downstream>, string>> = {
  accept_no_timeout: 'true: drive a controller that keeps the last velocity or effort for ever',
};

/** The sections that a robot can do without, as comments, with the defaults that hold without them. */
export function writeOptional(yaml: YamlLines): void {
  yaml.add(
    '# What follows is optional and shows its defaults; take away the leading "# " of a section to change it.',
  );
  section(
    yaml,
    'prediction',
    'lowers the authority of an agent that is about to leave the limits',
    PREDICTION,
    prediction,
  );
  section(yaml, 'teleop', 'the operator, at a serial device', TELEOP, teleopSchema);
  section(yaml, 'agent', 'the process with the policy', AGENT, agentSchema);
  section(yaml, 'downstream', 'the controller that takes the commands', DOWNSTREAM, downstream);
  section(yaml, 'black_box', 'what is written to disk when something trips', BLACK_BOX, black_box);
  const none = JSON.stringify(v.getDefault(locksSchema));
  yaml.add(
    `# sensors: ${JSON.stringify(v.getDefault(sensorsSchema))} # e.g. [{name: imu, type: imu, link: tool, topic: /imu/data, timeout_ms: 100}], or type: force_torque: observed, too`,
  );
  yaml.add(
    `# locks: ${none} # e.g. [{topic: /pause, timeout_ms: 500, priority: 50}]: true, or silence, there stops the agent`,
  );
}

function section<S extends v.GenericSchema<unknown, object>>(
  yaml: YamlLines,
  key: string,
  what: string,
  meanings: Readonly<Record<string, string>>,
  schema: S,
): void {
  const defaults = v.parse(schema, undefined) as Readonly<Record<string, unknown>>;
  yaml.add(`# ${key}: # ${what}`);
  for (const [name, meaning] of Object.entries(meanings))
    yaml.add(`#   ${name}: ${String(defaults[name])} # ${meaning}`);
}
