import * as v from 'valibot';
import { SENSOR_TYPES } from './model.js';

const TYPES = SENSOR_TYPES.join(' | ');
const EXAMPLE = '{name: imu, type: imu, link: tool, topic: /imu/data, timeout_ms: 100}';

/** `sensors` of robot.yaml: what is observed besides the joint states, each on a topic of its own. */
export const sensorsSchema = v.optional(
  v.pipe(
    v.array(
      v.pipe(
        v.strictObject({
          name: v.pipe(
            v.string(),
            v.regex(/^[A-Za-z_]\w*$/),
            v.description('a name of letters, digits and _, e.g. imu'),
          ),
          type: v.pipe(v.picklist(SENSOR_TYPES), v.description(TYPES)),
          link: v.pipe(
            v.string(),
            v.description('the link that carries it, in whose frame its values are, e.g. tool'),
          ),
          topic: v.pipe(
            v.string(),
            v.regex(/^\/?[A-Za-z_]\w*(\/[A-Za-z_]\w*)*$/),
            v.description('a ROS topic name such as /imu/data'),
          ),
          timeout_ms: v.optional(
            v.pipe(
              v.number(),
              v.finite(),
              v.gtValue(0),
              v.description('milliseconds after which a reading is stale, e.g. 100'),
            ),
            100,
          ),
        }),
        v.description(EXAMPLE),
      ),
    ),
    v.description(`a list of sensors such as ${EXAMPLE}`),
  ),
  [],
);
