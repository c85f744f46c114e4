import { randomBytes } from 'node:crypto';
import { DynabridgeError } from '../../core/index.js';
import type { Participant, Reader, RemoteParticipant, Sample, Writer } from '../rtps/index.js';
import type { Codec } from './codec.js';
import type { ServiceClient } from './middleware.js';
import {
  encodingFor,
  identityInlineQos,
  prependHeader,
  relatedIdentity,
  splitHeader,
  type CallIdentity,
  type ServiceEncoding,
} from './service-encoding.js';
import { SERVICE_QOS, type ServiceEndpoints } from './service-endpoints.js';

const CLIENT_ID_BYTES = 8;
/** Calls waiting for a reply */
const MAX_PENDING = 64;
const POLL_MS = 2;
/** A matched server that has not answered on both topics by then is taken to be ready all the same [ms] */
const CONFIRMATION_PATIENCE_MS = 250;

interface Pending {
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (error: DynabridgeError) => void;
}

/** Calls a service: requests on `rq/<name>Request`, replies on `rr/<name>Reply`, in the encoding of each server's vendor. */
export class RtpsServiceClient<Request, Response> implements ServiceClient<Request, Response> {
  private readonly requests: Writer;
  private readonly replies: Reader;
  private readonly clientId = randomBytes(CLIENT_ID_BYTES);
  private readonly pending = new Map<string, Pending>();
  private closed = false;

  constructor(
    private readonly participant: Participant,
    readonly service: string,
    endpoints: ServiceEndpoints,
    private readonly requestCodec: Codec<Request>,
    private readonly responseCodec: Codec<Response>,
  ) {
    const userData = `clientid=${endpoints.id};`;
    this.replies = participant.createReader({
      ...endpoints.reply,
      ...SERVICE_QOS,
      userData,
      onSample: (sample) => {
        this.onReply(sample);
      },
    });
    this.requests = participant.createWriter({ ...endpoints.request, ...SERVICE_QOS, userData });
  }

  get endpoints(): { readonly reader: Reader; readonly writer: Writer } {
    return { reader: this.replies, writer: this.requests };
  }

  async waitForService(timeoutMs: number): Promise<void> {
    for (let waitedMs = 0; !this.closed; waitedMs += POLL_MS) {
      if (this.isAvailable(waitedMs < CONFIRMATION_PATIENCE_MS)) return;
      if (waitedMs >= timeoutMs) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw this.unavailable(
      `no server answered within ${timeoutMs} ms; is it running in the same ROS domain?`,
    );
  }

  async call(request: Request, timeoutMs: number): Promise<Response> {
    await this.waitForService(timeoutMs);
    if (this.pending.size >= MAX_PENDING) {
      throw this.unavailable(`${MAX_PENDING} calls are waiting for a reply already`);
    }
    const keys: string[] = [];
    let timer: NodeJS.Timeout | undefined;
    try {
      const payload = await new Promise<Buffer>((resolve, reject) => {
        timer = setTimeout(() => {
          reject(this.unavailable(`no reply within ${timeoutMs} ms`));
        }, timeoutMs);
        for (const key of this.send(this.requestCodec.encode(request))) {
          keys.push(key);
          this.pending.set(key, { resolve, reject });
        }
      });
      return this.responseCodec.decode(payload);
    } finally {
      clearTimeout(timer);
      for (const key of keys) this.pending.delete(key);
    }
  }

  close(): void {
    this.closed = true;
    for (const { reject } of this.pending.values()) reject(this.unavailable('the client was closed'));
    this.participant.removeWriter(this.requests);
    this.participant.removeReader(this.replies);
  }

  /** A participant whose request reader and reply writer are both matched, and know of it when `confirmed`. */
  private isAvailable(confirmed: boolean): boolean {
    const answering = new Set<RemoteParticipant>();
    for (const proxy of this.replies.matches) {
      if (proxy.confirmed || !confirmed) answering.add(proxy.participant);
    }
    for (const proxy of this.requests.matches) {
      if (answering.has(proxy.participant) && (proxy.confirmed || !confirmed)) return true;
    }
    return false;
  }

  /** Writes the request once per encoding and vendor among the matched servers; returns the keys of their replies. */
  private send(payload: Buffer): string[] {
    const vendors = new Set<number>();
    for (const proxy of this.requests.matches) vendors.add(proxy.participant.vendorId);
    return [...vendors].map((vendor) => {
      const encoding = encodingFor(vendor);
      const audience = (participant: RemoteParticipant): boolean => participant.vendorId === vendor;
      const sequence = BigInt(this.requests.nextSequenceNumber);
      if (encoding === 'header') {
        this.requests.write(prependHeader(payload, { client: this.clientId, sequence }), { audience });
      } else {
        // As rmw_fastrtps does: the request names the reader that the reply is for.
        const inlineQos = identityInlineQos({ client: this.replies.guid, sequence: 0n });
        this.requests.write(payload, { audience, inlineQos });
      }
      return replyKey(encoding, sequence);
    });
  }

  private onReply(sample: Sample): void {
    if (sample.isKey) return;
    const encoding = encodingFor(sample.participant.vendorId);
    const split = encoding === 'header' ? splitHeader(sample.payload) : undefined;
    const identity = split?.identity ?? relatedIdentity(sample);
    if (!identity || !this.isOurs(encoding, identity)) return;
    this.pending.get(replyKey(encoding, identity.sequence))?.resolve(split?.body ?? sample.payload);
  }

  private isOurs(encoding: ServiceEncoding, { client }: CallIdentity): boolean {
    if (encoding === 'header') return client.equals(this.clientId);
    return client.equals(this.replies.guid) || client.equals(this.requests.guid);
  }

  private unavailable(why: string): DynabridgeError {
    return new DynabridgeError('UNAVAILABLE', `service '${this.service}': ${why}`, { service: this.service });
  }
}

function replyKey(encoding: ServiceEncoding, sequence: bigint): string {
  return `${encoding}:${sequence}`;
}
