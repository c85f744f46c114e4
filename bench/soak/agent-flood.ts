import { readFileSync } from 'node:fs';
import { systemClock, type Rng } from '../../src/core/index.js';
import type { GuardProcessConfig } from '../../src/guard/index.js';
import { connect, readProcessConfig, type ObservationMessage } from '../../src/io/ipc/index.js';
import { pause } from './waiting.js';

const FLOOD_MS = 1_000;
/** some of the proposals are valid, and taken for proof of life [ms] */
const PROOF_MS = 300;
const PER_OBSERVATION = 20;
const POISON = [NaN, Infinity, -1e9, 1e9, 5e-324, 0];

/**
 * Takes the place of an agent that has gone at the guard's socket, answers each observation with many absurd proposals, has itself engaged, and
 * goes away.
 * @param engage asks for the agent to be engaged; it may be refused
 */
export async function floodAsAgent(
  guardPid: number,
  rng: Rng,
  engage: () => Promise<unknown>,
): Promise<void> {
  const argv = readFileSync(`/proc/${guardPid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  const { socketPath } = readProcessConfig<GuardProcessConfig>(['', '', argv.at(-1)!]);
  const guard = await connect(socketPath, 1_000);
  const answer = ({ policyStep }: ObservationMessage): void => {
    const action = Float64Array.of(rng.uniform(-1, 1));
    for (let i = 0; i < PER_OBSERVATION; i++) {
      const command = new Float64Array(rng.integer(4)).map(() => POISON[rng.integer(POISON.length)]!);
      const lifetimeNs = BigInt(rng.integer(1_000_000_000));
      guard.send({
        type: 'proposal',
        policyStep: policyStep + rng.integer(5) - 2,
        expiresNs: systemClock.nowNs() + lifetimeNs,
        policyVersion: 0,
        ...{ action, command },
      });
    }
  };
  guard.onMessage = (message) => message.type === 'observation' && answer(message);
  guard.send({ type: 'hello', role: 'agent' });
  await pause(PROOF_MS);
  await engage();
  await pause(FLOOD_MS);
  guard.destroy();
}
