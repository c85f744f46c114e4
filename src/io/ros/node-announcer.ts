import {
  ENCAPSULATION_BYTES,
  VENDOR,
  type Guid,
  type Participant,
  type Sample,
  type Writer,
} from '../rtps/index.js';
import { codecFor, type Codec } from './codec.js';
import { PARTICIPANT_ENTITIES_INFO, participantEntitiesInfo, type GidBytes } from './definitions.js';
import { typeToDds, type NodeIdentity } from './names.js';

/** The one topic without a mangled name (rmw_dds_common). */
const DISCOVERY_TOPIC = 'ros_discovery_info';
const SHORT_GID_BYTES = 16;
const LONG_GID_BYTES = 24;

interface Gid {
  readonly data: Uint8Array;
}

/** rmw_dds_common/msg/ParticipantEntitiesInfo */
export interface ParticipantEntitiesInfo {
  readonly gid: Gid;
  readonly node_entities_info_seq: readonly {
    readonly node_namespace: string;
    readonly node_name: string;
    readonly reader_gid_seq: readonly Gid[];
    readonly writer_gid_seq: readonly Gid[];
  }[];
}

/**
 * Tells the ROS 2 graph which endpoints belong to which node, so that `ros2 node list` and `ros2 node info` show it. The
 * message has two layouts under one name; the first ROS peer heard decides, before that ROS_DISTRO. Nodes of
 * ours follow no other of ours: each switches by itself, and two that follow each other out of step would never stop.
 */
export class NodeAnnouncer {
  private readonly writer: Writer;
  private readonly endpoints = new Map<string, { readonly guid: Guid; readonly isWriter: boolean }>();
  private codec: Codec<ParticipantEntitiesInfo>;
  private scheduled = false;
  private closed = false;

  constructor(
    participant: Participant,
    private readonly node: NodeIdentity,
    private readonly participantGuid: Guid,
    private gidBytes: GidBytes,
  ) {
    const type = typeToDds(PARTICIPANT_ENTITIES_INFO);
    const qos = { topic: DISCOVERY_TOPIC, type, reliable: true, transientLocal: true };
    this.codec = codecFor(participantEntitiesInfo(gidBytes));
    this.writer = participant.createWriter({ ...qos, depth: 1 });
    participant.createReader({
      ...qos,
      onSample: (sample) => {
        this.adaptTo(sample);
      },
    });
    this.schedule();
  }

  add(guid: Guid, isWriter: boolean): void {
    this.endpoints.set(guid.toString('hex'), { guid, isWriter });
    this.schedule();
  }

  remove(guid: Guid): void {
    if (this.endpoints.delete(guid.toString('hex'))) this.schedule();
  }

  close(): void {
    this.closed = true;
  }

  /** One message for all endpoints created in the same turn. */
  private schedule(): void {
    if (this.scheduled || this.closed) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      if (!this.closed) this.publish();
    });
  }

  private publish(): void {
    const gids = (wantWriters: boolean): Gid[] =>
      [...this.endpoints.values()]
        .filter((endpoint) => endpoint.isWriter === wantWriters)
        .map((endpoint) => this.gid(endpoint.guid));
    this.writer.write(
      this.codec.encode({
        gid: this.gid(this.participantGuid),
        node_entities_info_seq: [
          {
            node_namespace: this.node.namespace,
            node_name: this.node.nodeName,
            reader_gid_seq: gids(false),
            writer_gid_seq: gids(true),
          },
        ],
      }),
    );
  }

  private gid(guid: Guid): Gid {
    const data = Buffer.alloc(this.gidBytes);
    guid.copy(data);
    return { data };
  }

  private adaptTo(sample: Sample): void {
    if (sample.participant.vendorId === VENDOR.dynabridge) return;
    const heard = sample.isKey ? undefined : gidBytesOf(sample.payload);
    if (heard === undefined || heard === this.gidBytes) return;
    this.gidBytes = heard;
    this.codec = codecFor(participantEntitiesInfo(heard));
    this.schedule();
  }
}

/**
 * Layout of a peer's message: a long gid is padded with zeros where a short one is followed by the count of nodes. A message
 * that ends there has no nodes and tells nothing.
 */
export function gidBytesOf(payload: Buffer): GidBytes | undefined {
  const body = payload.subarray(ENCAPSULATION_BYTES);
  if (body.length < LONG_GID_BYTES + 4) return undefined;
  const padding = body.subarray(SHORT_GID_BYTES, LONG_GID_BYTES);
  return padding.every((octet) => octet === 0) ? LONG_GID_BYTES : SHORT_GID_BYTES;
}
