/** All of a run in one MCAP file, and the gate run again on it: twin, bridge and replay in processes of their own, over the wire. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { McapIndexedReader, McapStreamReader, type McapTypes } from '@mcap/core';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import { listEpisodeFiles } from '../../src/data/index.js';
import { CodecCache, createMiddleware, type JointState, type Middleware } from '../../src/io/ros/index.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '83' };
/** a loaded machine is not what is tested here */
const STATE_TIMEOUT_MS = 1_000;
const COMMANDS = '/velocity_controller/commands';
const hasPython = spawnSync('python3', ['--version']).status === 0;
const hasBag = spawnSync('ros2', ['bag', 'info', '--help']).status === 0;
const bagRequirement = hasBag ? '' : ' (skipped: no ros2 bag; source ROS 2 with rosbag2_storage_mcap)';

const jointStates = new CodecCache().get<JointState>('sensor_msgs/msg/JointState');

let scratch: ScratchBridge;
let middleware: Middleware;
let file: string;
const started: Dynabridge[] = [];

function start(...args: string[]): Dynabridge {
  const process = new Dynabridge(args, env);
  started.push(process);
  return process;
}

async function call(name: string): Promise<boolean> {
  const client = middleware.createClient(`/dynabridge/${name}`, 'std_srvs/srv/Trigger');
  const { success } = await client.call({}, 5_000);
  client.close();
  return success;
}

/** The result of `dynabridge replay --json`, which fails where nothing is printed. */
async function replay(...args: string[]): Promise<{ code: number | null; stderr: string; result: Result }> {
  const { code, stdout, stderr } = await start('replay', ...args, '--json').ended;
  return { code, stderr, result: JSON.parse(stdout) as Result };
}

/** What read_mcap.py prints. */
interface ForeignReading {
  readonly counts: Readonly<Record<string, number>>;
  readonly schemas: readonly { readonly encoding: string }[];
  readonly channels: readonly { readonly encoding: string; readonly metadata: object }[];
  readonly attachments: Readonly<Record<string, { readonly text: string }>>;
  readonly metadata: Readonly<Record<string, object>>;
  readonly states: readonly { readonly positions: Readonly<Record<string, number>> }[];
}

interface Result {
  readonly ticks: number;
  readonly commands: number;
  readonly events: number;
  readonly lost: number;
  readonly differences: number;
  readonly differingTicks: number;
  readonly first: readonly { what: string; tick: number; of: string; recorded: unknown; computed: unknown }[];
  readonly joints: readonly { joint: string; largestDifference: number }[];
  readonly figures: readonly string[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** Some seconds of driving with an e-stop, a reset, another engagement and a stop by Ctrl+C. */
async function record(): Promise<void> {
  const { folder } = scratch.robot;
  start('twin', '--robot', folder);
  const args = ['--robot', folder, '--run', scratch.run.path, '--record', file, '--json'];
  const bridge = start('run', ...args);
  await bridge.says(/recording: file /);
  await bridge.says(/engaged: the agent drives/);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(await call('estop')).toBe(true);
  for (const name of ['reset', 'engage'])
    await vi.waitFor(async () => expect(await call(name)).toBe(true), { timeout: 20_000 });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  bridge.kill('SIGINT');
  const { code, stdout } = await bridge.ended;
  expect(code, bridge.stderr).toBe(5); // the e-stop
  expect(JSON.parse(stdout.split('\n')[0]!)).toMatchObject({ recording: file });
}

beforeAll(async () => {
  scratch = new ScratchBridge(100, { stateTimeoutMs: STATE_TIMEOUT_MS, policy: 'shuttle' });
  file = join(scratch.folder, 'bag', 'drive.mcap');
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'observer', env });
  await record();
}, 120_000);
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.kill('SIGKILL');
    await process.ended;
  }
});
afterAll(async () => {
  await middleware?.close();
  scratch?.dispose();
});

async function indexed(): Promise<McapIndexedReader> {
  const data = readFileSync(file);
  return McapIndexedReader.Initialize({
    readable: {
      size: () => Promise.resolve(BigInt(data.byteLength)),
      read: (offset, size) => Promise.resolve(data.subarray(Number(offset), Number(offset + size))),
    },
  });
}

describe('a recording', () => {
  it('decodes by its own schemas alone, has what crossed the wire, and is indexed', async () => {
    const reader = await indexed();
    expect(reader.header.profile).toBe('ros2');
    const readers = new Map(
      [...reader.schemasById.values()].map(({ id, encoding, data }) => {
        expect(encoding).toBe('ros2msg');
        return [id, new MessageReader(parse(Buffer.from(data).toString(), { ros2: true }))];
      }),
    );
    const counts = new Map<string, number>();
    let last = 0n;
    for await (const message of reader.readMessages()) {
      const channel = reader.channelsById.get(message.channelId)!;
      readers.get(channel.schemaId)!.readMessage(message.data);
      counts.set(channel.topic, (counts.get(channel.topic) ?? 0) + 1);
      expect(message.logTime).toBeGreaterThanOrEqual(last);
      last = message.logTime;
    }
    expect(counts.get('/joint_states')).toBeGreaterThan(80);
    expect(counts.get(COMMANDS)).toBeGreaterThan(80);
    expect(counts.get('/diagnostics')).toBeGreaterThan(3);
    expect(counts.get('/dynabridge/status')).toBeGreaterThan(3);
    expect(counts.get('/dynabridge/gate/tick')).toBeGreaterThanOrEqual(counts.get(COMMANDS)!);
    const wallNow = BigInt(Date.now()) * 1_000_000n;
    expect(wallNow - last).toBeLessThan(120_000_000_000n);
    const types = [...reader.channelsById.values()].map(({ topic, schemaId, metadata }) => {
      const profiles = parseYaml(metadata.get('offered_qos_profiles')!) as Record<string, unknown>[];
      return { topic, type: reader.schemasById.get(schemaId)!.name, qos: profiles[0]! };
    });
    const state = types.find(({ topic }) => topic === '/joint_states')!;
    expect(state.type).toBe('sensor_msgs/msg/JointState');
    expect(state.qos).toMatchObject({ history: 3, depth: 0, durability: 2, liveliness: 1 });
    const command = types.find(({ topic }) => topic === COMMANDS)!;
    expect(command.type).toBe('std_msgs/msg/Float64MultiArray');
    expect(command.qos).toMatchObject({ history: 1, depth: 1, reliability: 1, durability: 2 });
  });

  it.runIf(hasPython)('is the same to a reader that has nothing of ours', async () => {
    const script = fileURLToPath(new URL('read_mcap.py', import.meta.url));
    const read = JSON.parse(execFileSync('python3', [script, file], { encoding: 'utf8' })) as ForeignReading;
    const { statistics, channelsById } = await indexed();
    const counts = [...channelsById.values()].map(({ id, topic }) => [
      topic,
      Number(statistics!.channelMessageCounts.get(id)),
    ]);
    expect(read.counts).toEqual(Object.fromEntries(counts));
    expect(read.schemas.every(({ encoding }) => encoding === 'ros2msg')).toBe(true);
    expect(read.channels.every(({ encoding }) => encoding === 'cdr')).toBe(true);
    expect(read.channels.every(({ metadata }) => 'offered_qos_profiles' in metadata)).toBe(true);
    for (const name of ['cartpole.urdf', 'robot.yaml', 'joint_limits.yaml'])
      expect(read.attachments[name]!.text).toBe(readFileSync(join(scratch.robot.folder, name), 'utf8'));
    expect(read.metadata['dynabridge']).toMatchObject({ robot: 'cartpole', command_topic: COMMANDS });
    expect(Object.keys(read.states[0]!.positions).sort()).toEqual(['pole_hinge', 'slider']);
    const travel = read.states.map(({ positions }) => positions['slider']!);
    expect(Math.max(...travel) - Math.min(...travel)).toBeGreaterThan(0.3);
  });

  it('has a metadata.yaml that counts what is in it', async () => {
    const bag = parseYaml(readFileSync(join(scratch.folder, 'bag', 'metadata.yaml'), 'utf8')) as {
      rosbag2_bagfile_information: Record<string, unknown>;
    };
    const { messageCount, messageEndTime, messageStartTime } = (await indexed()).statistics!;
    expect(bag.rosbag2_bagfile_information).toMatchObject({
      version: 5,
      storage_identifier: 'mcap',
      message_count: Number(messageCount),
      duration: { nanoseconds: Number(messageEndTime - messageStartTime) },
      relative_file_paths: ['drive.mcap'],
    });
  });

  it.runIf(hasBag)(`is told by ros2 bag info as it is${bagRequirement}`, async () => {
    const { statistics, channelsById, schemasById } = await indexed();
    const expected = [...channelsById.values()].map(({ id, topic, schemaId }) => {
      const type = schemasById.get(schemaId)!.name;
      return `Topic: ${topic} | Type: ${type} | Count: ${statistics!.channelMessageCounts.get(id)} | `;
    });
    const folder = join(scratch.folder, 'bag');
    for (const args of [[folder], ['-s', 'mcap', file]]) {
      const { status, stdout, stderr } = spawnSync('ros2', ['bag', 'info', ...args], { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      expect(stdout).toMatch(/^Storage id: +mcap$/m);
      expect(stdout).toMatch(new RegExp(`^Messages: +${statistics!.messageCount}$`, 'm'));
      for (const line of expected) expect(stdout).toContain(line);
      expect(stdout.match(/Topic: /g)).toHaveLength(expected.length);
    }
  });

  it.runIf(hasBag)(`is played by ros2 bag play, message by message${bagRequirement}`, async () => {
    const played: number[] = [];
    const qos = { reliability: 'reliable', durability: 'volatile', depth: 1000 } as const;
    middleware.createSubscription<JointState>('/joint_states', 'sensor_msgs/msg/JointState', qos, (state) =>
      played.push(state.position[0]!),
    );
    const topics = ['--topics', '/joint_states', COMMANDS, '/dynabridge/status'];
    const args = ['bag', 'play', '--delay', '5', '--rate', '2', join(scratch.folder, 'bag'), ...topics];
    const player = spawn('ros2', args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    const code = await new Promise((resolve) => player.once('close', resolve));
    expect(code).toBe(0);
    const reader = await indexed();
    const recorded: number[] = [];
    for await (const { data } of reader.readMessages({ topics: ['/joint_states'] }))
      recorded.push(jointStates.decode(data).position[0]!);
    expect(played).toEqual(recorded);
  });

  it('replays without a difference, and draws it', async () => {
    const { code, result, stderr } = await replay(file);
    expect(result, stderr).toMatchObject({ differences: 0, differingTicks: 0, lost: 0 });
    expect(code).toBe(0);
    expect(result.commands).toBeGreaterThan(80);
    expect(result.events).toBeGreaterThanOrEqual(4); // engage, estop, reset, engage, stop
    expect(result.figures.every((path) => existsSync(path))).toBe(true);
  });

  it('with one altered number differs in just that', async () => {
    const altered = join(scratch.folder, 'altered.mcap');
    copyFileSync(file, altered);
    const was = alterCommand(altered, COMMANDS, 50);
    const { code, result } = await replay(altered);
    expect(code).toBe(1);
    expect(result.differences).toBe(1);
    expect(result.first[0]).toMatchObject({ what: 'wire', of: 'slider', recorded: was + 0.125 });
    expect(result.first[0]!.computed).toBe(was);
  });

  it('with other limits tells what they would have done, as a result', async () => {
    const slow = join(scratch.folder, 'slow');
    execFileSync('cp', ['-r', scratch.robot.folder, slow]);
    const limits = join(slow, 'joint_limits.yaml');
    writeFileSync(limits, readFileSync(limits, 'utf8').replace(/max_velocity: .*/, 'max_velocity: 0.3'));
    const { code, result } = await replay(file, '--robot', slow);
    expect(code).toBe(0);
    expect(result.differingTicks).toBeGreaterThan(50);
    expect(result.joints[0]!.largestDifference).toBeGreaterThan(0.3);
    expect(result.joints[0]!.largestDifference).toBeLessThan(1);
  });

  it('that its disk does not hold ends, is told, and control goes on', async () => {
    const { folder } = scratch.robot;
    start('twin', '--robot', folder);
    // a limit of the size of files stands for the full disk, see test/e2e/faults.test.ts
    const small = join(scratch.folder, 'small.mcap');
    const bridge = start('run', '--robot', folder, '--run', scratch.run.path, '--record', small, '--json');
    const [, recorder] = await bridge.says(/recorder (\d+)/);
    execFileSync('prlimit', ['--pid', recorder!, '--fsize=60000']);
    await bridge.says(/wire-recording-failed: .*small\.mcap/);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    bridge.kill('SIGINT');
    const { code, stdout, stderr } = await bridge.ended;
    expect(stderr).toMatch(/stopped: outcome at rest/); // and not before it was asked to
    expect(stderr.indexOf('wire-recording-failed')).toBeLessThan(stderr.indexOf('SIGINT'));
    expect(code).toBe(5);
    expect((JSON.parse(stdout.split('\n')[0]!) as { faults: string[] }).faults.join()).toMatch(
      /the recording is not complete/,
    );
    expect((await replay(small, '--partial')).result.differences).toBe(0);
  });

  it('that is cut off, foreign or missing is told in one line; what is before the cut may be replayed', async () => {
    const cut = join(scratch.folder, 'cut.mcap');
    copyFileSync(file, cut);
    truncateSync(cut, Math.floor(readFileSync(file).byteLength * 0.6));
    const refused = await start('replay', cut).ended;
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^error: .*cut\.mcap is incomplete or damaged at byte \d+: .*--partial/m);
    const { code, result } = await replay(cut, '--partial');
    expect(code).toBe(0);
    expect(result.ticks).toBeGreaterThan(50);
    expect(result.differences).toBe(0);

    const foreign = join(scratch.folder, 'foreign.mcap');
    writeFileSync(foreign, 'no MCAP at all, but long enough to be looked at');
    expect((await start('replay', foreign).ended).code).toBe(2);
    const [episodes] = listEpisodeFiles(scratch.run.episodesFolder);
    const other = await start('replay', episodes!).ended;
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/no recording of ours/);
    expect((await start('replay', join(scratch.folder, 'none.mcap')).ended).code).toBe(2);
  });
});

/** Adds 0.125 to the first number of the n-th message of a topic, in place, with the sums of its file made right. @returns what it was */
function alterCommand(path: string, topic: string, n: number): number {
  const data = readFileSync(path);
  const reader = new McapStreamReader({ includeChunks: true });
  reader.append(data);
  const channels = new Map<number, string>();
  const chunks: McapTypes.Chunk[] = [];
  for (let seen = 0, record = reader.nextRecord(); record; record = reader.nextRecord()) {
    if (record.type === 'Channel') channels.set(record.id, record.topic);
    if (record.type === 'Chunk') chunks.push(record);
    if (record.type !== 'Message' || channels.get(record.channelId) !== topic || ++seen < n) continue;
    const { records, uncompressedCrc } = chunks.at(-1)!;
    const chunkAt = data.indexOf(Buffer.from(records));
    const at = data.indexOf(Buffer.from(record.data), chunkAt) + record.data.byteLength - 8;
    const was = data.readDoubleLE(at);
    data.writeDoubleLE(was + 0.125, at);
    const crcAt = data.lastIndexOf(u32(uncompressedCrc), chunkAt);
    data.writeUInt32LE(crc32(data.subarray(chunkAt, chunkAt + records.byteLength)), crcAt);
    const { at: end, crc } = dataEnd(data);
    data.writeUInt32LE(crc, end);
    writeFileSync(path, data);
    return was;
  }
  throw new Error(`there is no message ${n} on ${topic}`);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Where the CRC of the data section stands, and what it has to be. */
function dataEnd(data: Buffer): { readonly at: number; readonly crc: number } {
  const FOOTER_BYTES = 9 + 20 + 8; // record and magic
  const summaryStart = Number(data.readBigUInt64LE(data.length - FOOTER_BYTES + 9));
  const at = summaryStart - 4;
  return { at, crc: crc32(data.subarray(0, summaryStart - 13)) };
}
