import type { Clock } from '../core/index.js';
import type { Deployment, IpcConnection } from '../io/ipc/index.js';
import type { Agent } from './agent.js';
import type { Motions } from './motions.js';

/**
 * Lets the agent drive with what was deployed, and tells the guard. Loading takes some 100 ms, in which no observation is answered. Where
 * it fails, the agent keeps what it has.
 */
export function deploy(
  deployment: Deployment,
  motions: Pick<Motions, 'of'>,
  agent: Agent,
  guard: IpcConnection,
  clock: Clock,
): void {
  const tell = (kind: string, detail: Readonly<Record<string, unknown>>): void => {
    guard.send({ type: 'event', kind, atNs: clock.nowNs(), detail });
  };
  const { motion: what } = deployment;
  try {
    const motion = motions.of(deployment);
    agent.drive(motion);
    tell('deployed', { motion: what, version: motion.version });
  } catch (error) {
    tell('deploy-failed', { motion: what, why: (error as Error).message });
  }
}
