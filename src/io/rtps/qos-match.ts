import { QOS } from './protocol.js';
import type { RemoteEndpoint } from './remote-participant.js';

/** Why two endpoints of one topic do not talk. */
export type Incompatibility = 'type' | 'reliability' | 'durability' | 'partition' | 'representation';

export interface LocalEndpoint {
  readonly topic: string;
  readonly type: string;
  readonly reliable: boolean;
  readonly transientLocal: boolean;
}

/** Two endpoints of one topic that do not talk. */
export interface Mismatch {
  readonly local: LocalEndpoint;
  readonly remote: RemoteEndpoint;
  readonly reason: Incompatibility;
}

/** Requested against offered QoS (DDS 1.4, 2.2.3); undefined when they match. Both must be on the same topic. */
export function incompatibility(local: LocalEndpoint, remote: RemoteEndpoint): Incompatibility | undefined {
  const writer = remote.isWriter ? remote : local;
  const reader = remote.isWriter ? local : remote;
  if (local.type !== remote.type) return 'type';
  if (reader.reliable && !writer.reliable) return 'reliability';
  if (reader.transientLocal && !writer.transientLocal) return 'durability';
  if (remote.hasPartition) return 'partition';
  if (!remote.representations.includes(QOS.xcdr1)) return 'representation';
  return undefined;
}

/** All pairs of a topic that do not talk. */
export function mismatchesBetween(
  topic: string,
  locals: Iterable<{ readonly options: LocalEndpoint }>,
  remotes: Iterable<RemoteEndpoint>,
): Mismatch[] {
  const theirs = [...remotes].filter((remote) => remote.topic === topic);
  const found: Mismatch[] = [];
  for (const { options: local } of locals) {
    if (local.topic !== topic) continue;
    for (const remote of theirs) {
      const reason = incompatibility(local, remote);
      if (reason) found.push({ local, remote, reason });
    }
  }
  return found;
}
