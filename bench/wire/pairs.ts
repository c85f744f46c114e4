/**
 * Who writes the states and times the commands, who answers, and the row with the same `peer` to compare with. `echo` is a program on the
 * same DDS as the peer: a pair that has nothing of ours. `rtps` and `rclnodejs` are ours, over either adapter. `udp` are plain sockets
 * without any DDS, in C and in Node: below what Node's own cost, nothing of ours can get.
 */
export const PAIRS = {
  'cyclone-c': { peer: 'cyclone', responder: 'echo', baseline: 'cyclone-c' },
  rtps: { peer: 'cyclone', responder: 'rtps', baseline: 'cyclone-c' },
  rclnodejs: { peer: 'cyclone', responder: 'rclnodejs', baseline: 'cyclone-c' },
  'fastdds-cpp': { peer: 'fastdds', responder: 'echo', baseline: 'fastdds-cpp' },
  fastdds: { peer: 'fastdds', responder: 'rtps', baseline: 'fastdds-cpp' },
  'udp-c': { peer: 'udp', responder: 'echo', baseline: 'udp-c' },
  'udp-node': { peer: 'udp', responder: 'udp', baseline: 'udp-c' },
} as const;
export type Impl = keyof typeof PAIRS;
export const WIRE_IMPLS = Object.keys(PAIRS) as readonly Impl[];
