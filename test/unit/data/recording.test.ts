import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { ManualClock } from '../../../src/core/index.js';
import { RecordingReader, RecordingWriter, type ReadMessage } from '../../../src/data/index.js';
import { McapFile } from '../../../src/data/mcap-file.js';
import type { WireMessage } from '../../../src/data/recording-writer.js';
import { offeredQosProfiles } from '../../../src/data/rosbag2.js';
import { temporaryFolder } from './sample-episodes.js';

const FACTS = { robot: 'arm', command_topic: '/commands' };
const FILES = new Map([
  ['arm.urdf', '<robot name="arm"/>'],
  ['robot.yaml', 'command_interface: velocity\n'],
]);

let folder: string;
let clock: ManualClock;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  clock = new ManualClock(1_800_000_000_000_000_000n);
  path = join(folder, 'drive.mcap');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writer = () =>
  new RecordingWriter(path, {
    clock,
    facts: FACTS,
    files: FILES,
    definitionOf: (type) => `# ${type}\nint32 data\n`,
  });

function message(sequence: number, topic: string, size = 8): WireMessage {
  const logNs = clock.wallNs() + BigInt(sequence) * 1_000_000n;
  const data = new Uint8Array(size).fill(sequence);
  const offers = [{ reliability: 'reliable', durability: 'volatile', depth: 0 }] as const;
  return {
    topic,
    type: `test_msgs/msg/Of${topic.length}`,
    offers,
    sequence,
    logNs,
    publishNs: logNs - 5n,
    data,
  };
}

async function readAll(partial = false): Promise<ReadMessage[]> {
  const found: ReadMessage[] = [];
  for await (const item of (await RecordingReader.open(path, partial)).messages()) found.push(item);
  return found;
}

describe('a recording of the wire', () => {
  it('reads back as it was written, chunk after chunk, with topics that come late', async () => {
    const file = writer();
    const messages = Array.from({ length: 300 }, (_, i) =>
      message(i + 1, i < 100 ? '/a' : ['/a', '/bb', '/cc'][i % 3]!, 2_000),
    );
    for (const item of messages) file.append(item);
    file.close();
    const reader = await RecordingReader.open(path);
    expect(Object.fromEntries(reader.facts)).toEqual({ format_version: '1', ...FACTS });
    expect(reader.files).toEqual(FILES);
    await reader.close();
    const found = await readAll();
    const inText = (item: Omit<WireMessage, 'offers'>) => ({
      ...item,
      data: Buffer.from(item.data).toString('hex'),
    });
    expect(found.map(({ offset: _, ...item }) => inText(item))).toEqual(
      messages.map(({ offers: _, ...item }) => inText(item)),
    );
    expect(found.at(-1)!.offset).toBeGreaterThan(found[0]!.offset);
    expect(found.at(-1)!.offset).toBeLessThanOrEqual(reader.bytes);

    const { rosbag2_bagfile_information: bag } = parseYaml(
      readFileSync(join(folder, 'metadata.yaml'), 'utf8'),
      { intAsBigInt: true },
    ) as { rosbag2_bagfile_information: Record<string, unknown> };
    const start = messages[0]!.logNs;
    const span = {
      duration: { nanoseconds: messages.at(-1)!.logNs - start },
      starting_time: { nanoseconds_since_epoch: start },
    };
    const topic = (name: string, type: string, count: bigint) => ({
      topic_metadata: {
        ...{ name, type, serialization_format: 'cdr' },
        offered_qos_profiles: offeredQosProfiles([
          { reliability: 'reliable', durability: 'volatile', depth: 0 },
        ]),
      },
      message_count: count,
    });
    expect(bag).toEqual({
      ...{ version: 5n, storage_identifier: 'mcap', ...span, message_count: 300n },
      topics_with_message_count: [
        topic('/a', 'test_msgs/msg/Of2', 166n),
        topic('/bb', 'test_msgs/msg/Of3', 67n),
        topic('/cc', 'test_msgs/msg/Of3', 67n),
      ],
      ...{ compression_format: '', compression_mode: '', relative_file_paths: ['drive.mcap'] },
      files: [{ path: 'drive.mcap', ...span, message_count: 300n }],
    });
  });

  it('leaves another bag’s metadata.yaml alone', () => {
    writeFileSync(join(folder, 'metadata.yaml'), 'another bag');
    const file = writer();
    file.append(message(1, '/a'));
    file.close();
    expect(readFileSync(join(folder, 'metadata.yaml'), 'utf8')).toBe('another bag');
  });

  it('is on disk within a second, and readable as far as it came when its writer dies', async () => {
    const file = writer();
    file.append(message(1, '/a'));
    clock.advanceMs(999);
    file.poll();
    file.append(message(2, '/a'));
    await expect(readAll(true)).resolves.toHaveLength(0);
    clock.advanceMs(1);
    file.poll();
    await expect(readAll(true)).resolves.toHaveLength(2);
    await expect(readAll()).rejects.toThrow(
      /drive\.mcap is incomplete or damaged at byte \d+: the file has no footer; .*--partial/,
    );
    file.close();
    await expect(readAll()).resolves.toHaveLength(2);
  });

  it('is refused where it is cut, damaged, of another kind or of a newer version', async () => {
    const file = writer();
    for (let i = 1; i <= 200; i++) file.append(message(i, '/a', 4_000));
    file.close();
    const whole = readFileSync(path);
    truncateSync(path, whole.length - 300_000);
    await expect(readAll()).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect((await readAll(true)).length).toBeGreaterThan(50);
    const damaged = Buffer.from(whole);
    damaged[whole.length >> 1]! ^= 1;
    writeFileSync(path, damaged);
    await expect(readAll()).rejects.toThrow(/CRC/);
    writeFileSync(path, whole);
    appendFileSync(path, 'more');
    await expect(readAll()).rejects.toThrow(/damaged at byte/);
    writeFileSync(path, 'PK not MCAP');
    await expect(readAll()).rejects.toThrow(/damaged at byte 0/);
    writeFileSync(path, '');
    await expect(readAll()).rejects.toMatchObject({ code: 'BAD_INPUT' });
    rmSync(path);
    new McapFile(path, []).close();
    await expect(readAll()).rejects.toThrow(/no recording of ours/);
    rmSync(path);
    new McapFile(path, [], { metadata: { dynabridge: { format_version: '2' } } }).close();
    await expect(readAll()).rejects.toThrow(/format version 2, this dynabridge reads up to 1; update/);
    rmSync(path);
    expect(existsSync(path)).toBe(false);
    await expect(readAll()).rejects.toThrow(/there is no file/);
  });
});

describe('what a publisher offers', () => {
  it('is written as rosbag2 does', () => {
    // of a bag in rosbag2's own tests, Humble: rosbag2_transport/test/resources/rewriter_a/metadata.yaml
    const infinite = '\n    sec: 9223372036\n    nsec: 854775807\n';
    const profile = (depth: number, reliability: number): string =>
      `- history: 1\n  depth: ${depth}\n  reliability: ${reliability}\n  durability: 1\n  deadline:${infinite}  lifespan:${infinite}` +
      `  liveliness: 1\n  liveliness_lease_duration:${infinite}  avoid_ros_namespace_conventions: false`;
    expect(
      offeredQosProfiles([
        { reliability: 'reliable', durability: 'transient_local', depth: 1 },
        { reliability: 'best_effort', durability: 'transient_local', depth: 2 },
      ]),
    ).toBe(`${profile(1, 1)}\n${profile(2, 2)}`);
  });
});
