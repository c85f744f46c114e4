import type { TriggerResponse } from './messages.js';
import type { Middleware } from './middleware.js';

/**
 * Calls a service of type std_srvs/srv/Trigger once.
 * @throws UNAVAILABLE that names the service where nobody answers in time
 */
export async function callTrigger(
  middleware: Middleware,
  service: string,
  timeoutMs: number,
): Promise<TriggerResponse> {
  const client = middleware.createClient(service, 'std_srvs/srv/Trigger');
  try {
    return await client.call({}, timeoutMs);
  } finally {
    client.close();
  }
}
