/**
 * The guard, a simulated robot and the guard's other processes, over the real wire and sockets. The limits are tightened on disk
 * after the gate's robot was read and before the veto reads them, so the gate is in the wrong by what the veto knows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { EventMessage, HeartbeatMessage, TickMessage } from '../../../src/io/ipc/index.js';
import type { TriggerResponse } from '../../../src/io/ros/index.js';
import { loadRobot } from '../../../src/robot/index.js';
import { until } from '../io/rtps/participants.js';
import { GuardRig, call as callGuard, commandsOn } from './guard-rig.js';

const GATE_LIMIT = 2; // [m/s], of cartpole
const VETO_LIMIT = 1;

let rig: GuardRig;
afterEach(() => rig.close());

describe('a guard whose gate is in the wrong', () => {
  it('sends nothing of what is vetoed but a ramp to rest, latches, and gives authority to nobody', async () => {
    rig = new GuardRig(79);
    const gateRobot = loadRobot(rig.folder);
    rig.edit('joint_limits.yaml', `max_velocity: ${GATE_LIMIT}.0`, `max_velocity: ${VETO_LIMIT}`);
    const twin = await rig.startTwin();
    const observer = await rig.node('observer');
    const wire = commandsOn(observer, gateRobot);
    const started = await rig.startGuard(gateRobot, { engage: 'auto' });
    const { events, supervisor } = started;
    const ticks: TickMessage[] = [];
    let heartbeat: HeartbeatMessage | null = null;
    const tell = supervisor.onMessage;
    supervisor.onMessage = (message) => {
      tell(message);
      if (message.type === 'heartbeat') heartbeat = message;
    };
    const recorder = await rig.joinAs('recorder');
    recorder.onMessage = (message) => {
      if (message.type === 'tick') ticks.push(message);
    };
    await rig.startAgent(() => GATE_LIMIT);

    const call = (event: string): Promise<TriggerResponse> => callGuard(observer, event);
    const faults = (): EventMessage[] => events.filter(({ kind }) => kind === 'fault');
    const holding = (): boolean => events.findLast(({ kind }) => kind === 'mode')?.detail['to'] === 'holding';
    for (let tries = 0; tries < 100 && faults().length === 0; tries++) {
      await sleep(250);
      if (holding()) await call('engage'); // a busy machine may have let a state or the agent be missed
    }
    const [fault] = faults();
    expect(fault!.detail).toMatchObject({ check: 'veto' });
    expect(fault!.detail['message']).toMatch(
      /^a command was vetoed: joint 'slider' velocity 1\.\d+ m\/s beyond max_velocity 1 m\/s$/,
    );
    expect(events.some(({ kind }) => kind === 'engaged')).toBe(true);
    await until(() => events.some(({ kind }) => kind === 'disengaged'), 'the end of authority');

    await until(() => wire.length > 5 && wire.slice(-5).every((value) => value === 0), 'rest');
    expect(Math.max(...wire)).toBeGreaterThan(0.3); // it was moving
    expect(Math.max(...wire)).toBeLessThanOrEqual(VETO_LIMIT);
    expect(Math.min(...wire)).toBe(0);
    expect(twin.summary.commands).toBeGreaterThan(0);
    const seen = twin.witness.violations.filter(({ kind }) => kind === 'command-velocity');
    expect(seen).toEqual([]);
    const executed = ticks.flatMap(({ executed: [value] }) => value ?? []);
    expect(Math.max(...executed)).toBe(Math.max(...wire));
    await until(() => heartbeat?.lastCommand[0]?.[0] === 0, 'a heartbeat that tells of rest');
    expect(heartbeat!.mode).toBe('fault');

    for (const event of ['reset', 'release']) {
      const { success, message } = await call(event);
      expect(success, event).toBe(false);
      expect(message).toMatch(/report the bug/);
    }
    expect((await call('engage')).success).toBe(false);
    await call('estop');
    expect((await call('reset')).success).toBe(false);
    expect(wire.slice(-5)).toEqual([0, 0, 0, 0, 0]);

    supervisor.send({ type: 'exit' });
    const stopped = (): EventMessage | undefined => events.find(({ kind }) => kind === 'stopped');
    await until(() => started.finished && stopped() !== undefined, 'the end');
    expect(stopped()!.detail['outcome']).toBe('at rest');
  }, 120_000);
});
