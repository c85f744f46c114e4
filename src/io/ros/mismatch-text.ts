import type { Mismatch } from '../rtps/index.js';
import { typeFromDds } from './names.js';

/** What there is to say about a {@link Mismatch}; types in DDS's or ROS's form. */
export interface TopicMismatch {
  readonly local: { readonly type: string };
  readonly remote: { readonly type: string; readonly isWriter: boolean };
  readonly reason: Mismatch['reason'];
}

/** Why a publisher and a subscription of one topic do not talk, and where to look, for people. */
export function mismatchText(topic: string, { local, remote, reason }: TopicMismatch): string {
  const who = remote.isWriter
    ? `a publisher on ${topic} is not heard`
    : `a subscription on ${topic} does not hear us`;
  return `${who}: ${differences(local, remote)[reason]}; find it with: ros2 topic info --verbose ${topic}`;
}

function differences(
  local: TopicMismatch['local'],
  remote: TopicMismatch['remote'],
): Record<Mismatch['reason'], string> {
  const [offers, wants] = remote.isWriter ? ['it offers', 'we ask for'] : ['we offer', 'it asks for'];
  return {
    type: `its type is ${typeFromDds(remote.type)}, ours is ${typeFromDds(local.type)}`,
    reliability: `${offers} best effort, ${wants} reliable`,
    durability: `${offers} volatile, ${wants} transient local`,
    partition: 'it is in a DDS partition, which ROS 2 does not use',
    representation: 'it does not use XCDR1, the encoding of ROS 2',
  };
}
