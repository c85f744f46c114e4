import type { Rng } from '../../../../src/core/index.js';
import {
  openUdpTransport,
  type Transport,
  type TransportOptions,
} from '../../../../src/io/rtps/udp-transport.js';

/** Real UDP that loses each outgoing datagram with the given probability, and counts what it lost. */
export class LossyNetwork {
  lost = 0;
  /** 0 to 1 */
  probability = 0;

  constructor(private readonly rng: Rng) {}

  readonly open = async (options: TransportOptions): Promise<Transport> => {
    const transport = await openUdpTransport(options);
    const send = transport.send.bind(transport);
    transport.send = (datagram, to) => {
      if (this.rng.uniform() < this.probability) this.lost++;
      else send(datagram, to);
    };
    return transport;
  };
}
