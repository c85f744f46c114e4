import { badInput } from '../core/index.js';
import type { RobotConfig } from './model.js';
import type { RobotYaml } from './robot-schema.js';
import type { YamlFile } from './yaml-file.js';

/**
 * Who may move the robot, by priority: operator over agent, and locks over those that they lock.
 * @throws BAD_INPUT for priorities that are equal or the wrong way round, a lock that locks nothing, a topic that is there twice,
 * velocities for an effort interface
 */
export function resolveAuthority(
  raw: RobotYaml,
  yaml: YamlFile,
): Pick<RobotConfig, 'teleop' | 'agent' | 'locks'> {
  const { teleop, agent, locks } = raw;
  if (teleop.priority <= agent.priority) {
    const own = yaml.placeOf(['teleop', 'priority']);
    throw badInput(
      `${own === yaml.file ? yaml.placeOf(['agent', 'priority']) : own}: teleop.priority ${teleop.priority} is not above agent.priority ${agent.priority}; ` +
        `the operator must be able to take over from the agent: write a larger one`,
    );
  }
  if (teleop.joint_jog && raw.command_interface === 'effort')
    throw badInput(
      `${yaml.placeOf(['teleop', 'joint_jog'])}: teleop.joint_jog is true, but JointJog carries velocities, which mean nothing to ` +
        `command_interface effort; remove it`,
    );
  locks.forEach((lock, i) => {
    const where = yaml.placeOf(['locks', i]);
    if (lock.priority <= agent.priority) {
      throw badInput(
        `${where}: lock ${lock.topic} has priority ${lock.priority} and would lock nothing; write more than agent.priority ` +
          `${agent.priority} to lock the agent, more than teleop.priority ${teleop.priority} to lock the operator too`,
      );
    }
    if (locks.findIndex(({ topic }) => topic === lock.topic) !== i)
      throw badInput(`${where}: lock ${lock.topic} is there twice; remove one`);
  });
  return {
    teleop: {
      commandTimeoutMs: teleop.command_timeout_ms,
      linkTimeoutMs: teleop.link_timeout_ms,
      maxVelocityScale: teleop.max_velocity_scale,
      deadBand: teleop.dead_band,
      stateRateHz: teleop.state_rate_hz,
      mayEngage: teleop.may_engage,
      priority: teleop.priority,
      required: teleop.required,
      jointJog: teleop.joint_jog,
    },
    agent: { timeoutMs: agent.timeout_ms, priority: agent.priority },
    locks: locks.map(({ topic, timeout_ms: timeoutMs, priority }) => ({ topic, timeoutMs, priority })),
  };
}
