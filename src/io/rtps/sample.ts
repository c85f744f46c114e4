import type { ParameterList } from './parameter-list.js';
import type { RemoteParticipant } from './remote-participant.js';

/** What a reader hands to its callback, within the socket's message event. */
export interface Sample {
  /**
   * Encapsulation header and body. A view into the received datagram, which is this sample's alone: it may be kept, but
   * keeping it keeps the whole datagram.
   */
  readonly payload: Buffer;
  /** the payload is only a key: the instance is gone */
  readonly isKey: boolean;
  readonly inlineQos: ParameterList | undefined;
  readonly sequenceNumber: number;
  readonly participant: RemoteParticipant;
  /** entity id of the writer within the participant */
  readonly writerId: number;
  /** monotonic time at which the (last) datagram was received [ns] */
  readonly receivedNs: bigint;
  /** wall clock of the writer when it wrote [ns], where it says so */
  readonly sourceNs: bigint | undefined;
}
