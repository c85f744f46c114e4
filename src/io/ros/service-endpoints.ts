import { replyTopic, requestTopic, typeToDds } from './names.js';

/** rmw_qos_profile_services_default */
export const SERVICE_QOS = { reliable: true, transientLocal: false, depth: 10 } as const;

interface TopicAndType {
  readonly topic: string;
  readonly type: string;
}

/** The two topics behind a service. */
export interface ServiceEndpoints {
  readonly request: TopicAndType;
  readonly reply: TopicAndType;
  /** unique; goes into USER_DATA so that peers know which reader and writer belong together (rmw_cyclonedds_cpp) */
  readonly id: string;
}

export function serviceEndpoints(service: string, type: string, id: string): ServiceEndpoints {
  return {
    request: { topic: requestTopic(service), type: typeToDds(type, 'Request') },
    reply: { topic: replyTopic(service), type: typeToDds(type, 'Response') },
    id,
  };
}
