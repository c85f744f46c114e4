import { badInput, didYouMean } from '../core/index.js';
import type { RobotModel, SensorConfig } from './model.js';
import type { RobotYaml } from './robot-schema.js';
import type { YamlFile } from './yaml-file.js';

/**
 * `sensors` of robot.yaml, checked against the robot.
 * @throws BAD_INPUT for a name or a topic that is taken, a link that the URDF does not have, that no joint
 * carries, or (imu) that does not move
 */
export function resolveSensors(
  raw: RobotYaml,
  model: Pick<RobotModel, 'links' | 'rootLink' | 'joints'>,
  yaml: YamlFile,
): SensorConfig[] {
  const still = linksAtRest(model);
  const names = new Set<string>();
  const topics = new Map([
    [raw.state_topic, 'state_topic'],
    [raw.command_topic, 'command_topic'],
    ...raw.locks.map(({ topic }) => [topic, 'a lock'] as const),
  ]);
  return raw.sensors.map(({ name, type, link, topic, timeout_ms: timeoutMs }, i) => {
    const refuse = (key: string, why: string): never => {
      throw badInput(`sensor '${name}' in ${yaml.placeOf(['sensors', i, key])}: ${why}`, { sensor: name });
    };
    if (names.has(name)) refuse('name', 'another sensor has this name; write one of its own');
    const taken = topics.get(topic);
    if (taken !== undefined)
      refuse('topic', `topic ${topic} is that of ${taken}, too; each sensor needs a topic of its own`);
    if (!model.links.includes(link))
      refuse('link', `the URDF has no link '${link}'${didYouMean(link, model.links)}; correct the name`);
    if (link === model.rootLink)
      refuse('link', `no joint carries '${link}', the root link; write a link that one does`);
    if (type === 'imu' && still.has(link))
      refuse('link', `link '${link}' is fixed to the root link and never moves; write one that does`);
    names.add(name);
    topics.set(topic, `sensor '${name}'`);
    return { name, type, link, topic, timeoutMs };
  });
}

/** The root link and all that is fixed to it. */
function linksAtRest({ rootLink, joints }: Pick<RobotModel, 'rootLink' | 'joints'>): Set<string> {
  const still = new Set([rootLink]);
  for (let before = 0; before < still.size;) {
    before = still.size;
    for (const { type, parent, child } of joints) if (type === 'fixed' && still.has(parent)) still.add(child);
  }
  return still;
}
