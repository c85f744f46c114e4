import { entityIdOf, type Participant, type Reader, type Sample, type Writer } from '../rtps/index.js';
import type { Codec } from './codec.js';
import type { ServiceServer } from './middleware.js';
import {
  encodingFor,
  identityInlineQos,
  prependHeader,
  replyIdentity,
  splitHeader,
  type CallIdentity,
  type ServiceEncoding,
} from './service-encoding.js';
import { SERVICE_QOS, type ServiceEndpoints } from './service-endpoints.js';
import { userDataValue } from './user-data.js';

/** Requests being handled or waiting for their client's reply reader; more are dropped. */
const MAX_PENDING = 64;
/** How long a reply waits for the client's reader to be matched on both sides [ms]; the rmw implementations wait 100 ms. */
const REPLY_PATIENCE_MS = 250;
const REPLY_RETRY_MS = 2;

interface Reply {
  readonly request: Sample;
  readonly encoding: ServiceEncoding;
  readonly identity: CallIdentity;
  readonly payload: Buffer;
}

/**
 * Answers requests on `rq/<name>Request` with replies on `rr/<name>Reply`, each in the encoding of its client's vendor and to
 * its client alone. A reply waits until the client's reply reader is matched: a client may call as soon as it sees the server,
 * which is often before the server has seen all of the client.
 */
export class RtpsServiceServer<Request, Response> implements ServiceServer {
  private readonly requests: Reader;
  private readonly replies: Writer;
  private pending = 0;
  private closed = false;

  constructor(
    private readonly participant: Participant,
    readonly service: string,
    endpoints: ServiceEndpoints,
    private readonly requestCodec: Codec<Request>,
    private readonly responseCodec: Codec<Response>,
    private readonly handle: (request: Request) => Response | Promise<Response>,
  ) {
    const userData = `serviceid=${endpoints.id};`;
    this.replies = participant.createWriter({ ...endpoints.reply, ...SERVICE_QOS, userData });
    this.requests = participant.createReader({
      ...endpoints.request,
      ...SERVICE_QOS,
      userData,
      onSample: (sample) => {
        this.onRequest(sample);
      },
    });
  }

  get endpoints(): { readonly reader: Reader; readonly writer: Writer } {
    return { reader: this.requests, writer: this.replies };
  }

  close(): void {
    this.closed = true;
    this.participant.removeReader(this.requests);
    this.participant.removeWriter(this.replies);
  }

  private onRequest(sample: Sample): void {
    if (sample.isKey) return;
    if (this.pending >= MAX_PENDING) {
      this.participant.stats.overLimit++;
      return;
    }
    const encoding = encodingFor(sample.participant.vendorId);
    const split = encoding === 'header' ? splitHeader(sample.payload) : undefined;
    if (encoding === 'header' && !split) {
      this.participant.stats.malformed++;
      return;
    }
    let request: Request;
    try {
      request = this.requestCodec.decode(split?.body ?? sample.payload);
    } catch {
      this.participant.stats.malformed++;
      return;
    }
    const identity = split?.identity ?? replyIdentity(sample);
    this.pending++;
    void this.answer(request, { request: sample, encoding, identity });
  }

  private async answer(request: Request, to: Omit<Reply, 'payload'>): Promise<void> {
    try {
      const outcome = this.handle(request);
      const response = outcome instanceof Promise ? await outcome : outcome;
      const reply = { ...to, payload: this.responseCodec.encode(response) };
      for (let waitedMs = 0; !this.closed; waitedMs += REPLY_RETRY_MS) {
        const isLate = waitedMs >= REPLY_PATIENCE_MS;
        if (this.clientIsReady(reply, isLate)) return this.send(reply);
        if (isLate) return; // the client is gone, or never had a reply reader
        await new Promise((resolve) => setTimeout(resolve, REPLY_RETRY_MS));
      }
    } catch (error) {
      this.participant.reportError(error);
    } finally {
      this.pending--;
    }
  }

  /** True when the client's reply reader is matched and, unless it is late, has answered our writer. */
  private clientIsReady({ request, identity, encoding }: Reply, isLate: boolean): boolean {
    const { participant } = request;
    const client = userDataValue(participant.writers.get(request.writerId)?.userData ?? '', 'clientid');
    const named = encoding === 'inline-qos' ? entityIdOf(identity.client) : undefined;
    for (const proxy of this.replies.matches) {
      if (proxy.participant !== participant) continue;
      const reader = participant.readers.get(proxy.readerId);
      if (named !== undefined && named !== request.writerId && named !== proxy.readerId) continue;
      if (client !== undefined && userDataValue(reader?.userData ?? '', 'clientid') !== client) continue;
      if (proxy.confirmed || isLate) return true;
    }
    return false;
  }

  private send({ request, encoding, identity, payload }: Reply): void {
    const audience = (participant: Sample['participant']): boolean => participant === request.participant;
    if (encoding === 'header') {
      this.replies.write(prependHeader(payload, identity), { audience });
    } else {
      this.replies.write(payload, { audience, inlineQos: identityInlineQos(identity) });
    }
  }
}
