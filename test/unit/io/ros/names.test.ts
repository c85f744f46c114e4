import { describe, expect, it } from 'vitest';
import {
  nodeIdentity,
  replyTopic,
  requestTopic,
  resolveName,
  topicToDds,
  typeToDds,
} from '../../../../src/io/ros/names.js';

describe('ROS 2 names', () => {
  it.each([
    ['/joint_states', '/', '/joint_states'],
    ['joint_states', '/', '/joint_states'],
    ['joint_states', '/arm', '/arm/joint_states'],
    ['/joint_states', '/arm', '/joint_states'],
    ['~/status', '/', '/guard/status'],
    ['~/status', 'arm/left', '/arm/left/guard/status'],
  ])('%s in namespace %s is %s', (name, namespace, expected) => {
    expect(resolveName(name, nodeIdentity('guard', namespace))).toBe(expected);
  });

  it.each(['', '/', 'a//b', 'a/', '1st', 'a b', 'ä', '/a/2b', '~'])("refuses the topic '%s'", (name) => {
    expect(() => resolveName(name, nodeIdentity('guard'))).toThrow(/not a valid ROS 2/);
  });

  it.each(['', 'a/b', 'a-b', '2nd'])("refuses the node name '%s'", (name) => {
    expect(() => nodeIdentity(name)).toThrow(/node name/);
  });

  it('are mangled for DDS', () => {
    expect(topicToDds('/arm/joint_states')).toBe('rt/arm/joint_states');
    expect([requestTopic('/guard/estop'), replyTopic('/guard/estop')]).toEqual([
      'rq/guard/estopRequest',
      'rr/guard/estopReply',
    ]);
    expect(typeToDds('sensor_msgs/msg/JointState')).toBe('sensor_msgs::msg::dds_::JointState_');
    expect(typeToDds('std_srvs/srv/Trigger', 'Request')).toBe('std_srvs::srv::dds_::Trigger_Request_');
    expect(() => typeToDds('JointState')).toThrow(/not a ROS 2 type name/);
  });
});
