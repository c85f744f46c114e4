import { describe, expect, it } from 'vitest';
import { objectionToPlainDds, resolveRosNetwork } from '../../../../src/io/ros/ros-environment.js';

const LO = { interfaceName: 'lo', address: '127.0.0.1', internal: true };
const ETH = { interfaceName: 'eth0', address: '10.0.0.5', internal: false };
const WIFI = { interfaceName: 'wlan0', address: '192.168.1.7', internal: false };

describe('resolveRosNetwork', () => {
  it('stays on loopback in domain 0 unless told otherwise', () => {
    expect(resolveRosNetwork({}, [LO, ETH])).toEqual({
      domainId: 0,
      range: 'localhost',
      address: '127.0.0.1',
      multicast: true,
      peers: ['127.0.0.1'],
      gidBytes: 16,
    });
  });

  it('takes the domain from ROS_DOMAIN_ID, and an override before it', () => {
    expect(resolveRosNetwork({ ROS_DOMAIN_ID: '42' }, [LO]).domainId).toBe(42);
    expect(resolveRosNetwork({ ROS_DOMAIN_ID: '42' }, [LO], { domainId: 7 }).domainId).toBe(7);
    expect(resolveRosNetwork({ ROS_DOMAIN_ID: '' }, [LO]).domainId).toBe(0);
  });

  it.each(['233', '-1', '1.5', 'abc', '1e1'])("refuses ROS_DOMAIN_ID '%s'", (id) => {
    expect(() => resolveRosNetwork({ ROS_DOMAIN_ID: id }, [LO])).toThrow(/ROS_DOMAIN_ID/);
  });

  it('goes to the network for SUBNET, on the one interface there is', () => {
    const network = resolveRosNetwork({ ROS_AUTOMATIC_DISCOVERY_RANGE: 'SUBNET' }, [LO, ETH]);
    expect(network).toMatchObject({ address: '10.0.0.5', multicast: true, peers: ['10.0.0.5'] });
  });

  it('asks which interface when there are several, and takes a name or an address', () => {
    const env = { ROS_AUTOMATIC_DISCOVERY_RANGE: 'SUBNET' };
    const all = [LO, ETH, WIFI];
    expect(() => resolveRosNetwork(env, all)).toThrow(/eth0 \(10\.0\.0\.5\), wlan0/);
    expect(resolveRosNetwork(env, all, { networkInterface: 'wlan0' }).address).toBe('192.168.1.7');
    expect(resolveRosNetwork(env, all, { networkInterface: '10.0.0.5' }).address).toBe('10.0.0.5');
    expect(() => resolveRosNetwork(env, all, { networkInterface: 'eth9' })).toThrow(/not on this machine/);
    expect(() => resolveRosNetwork(env, [LO])).toThrow(/no network interface/);
  });

  it('lets ROS_LOCALHOST_ONLY win over the range and over static peers', () => {
    const env = {
      ROS_LOCALHOST_ONLY: '1',
      ROS_AUTOMATIC_DISCOVERY_RANGE: 'SUBNET',
      ROS_STATIC_PEERS: '10.0.0.9',
    };
    expect(resolveRosNetwork(env, [LO, ETH])).toMatchObject({ range: 'localhost', peers: ['127.0.0.1'] });
  });

  it('probes static peers from the network, without multicast when the range is LOCALHOST', () => {
    const env = { ROS_AUTOMATIC_DISCOVERY_RANGE: 'LOCALHOST', ROS_STATIC_PEERS: '10.0.0.9; robot.local;' };
    expect(resolveRosNetwork(env, [LO, ETH])).toMatchObject({
      address: '10.0.0.5',
      multicast: false,
      peers: ['10.0.0.5', '10.0.0.9', 'robot.local'],
    });
  });

  it('stays on loopback when all static peers are on this machine', () => {
    const network = resolveRosNetwork({ ROS_STATIC_PEERS: 'localhost;127.0.0.1' }, [LO, ETH]);
    expect(network).toMatchObject({ address: '127.0.0.1', peers: ['127.0.0.1'] });
  });

  it('discovers nobody for OFF', () => {
    const env = { ROS_AUTOMATIC_DISCOVERY_RANGE: 'OFF', ROS_STATIC_PEERS: '10.0.0.9' };
    expect(resolveRosNetwork(env, [LO, ETH])).toMatchObject({ range: 'off', multicast: false, peers: [] });
  });

  it('refuses an unknown range', () => {
    expect(() => resolveRosNetwork({ ROS_AUTOMATIC_DISCOVERY_RANGE: 'FAR' }, [LO])).toThrow(/'FAR'/);
  });

  it('knows the distributions with long gids', () => {
    expect(resolveRosNetwork({ ROS_DISTRO: 'humble' }, [LO]).gidBytes).toBe(24);
    expect(resolveRosNetwork({ ROS_DISTRO: 'jazzy' }, [LO]).gidBytes).toBe(16);
  });
});

describe('objectionToPlainDds', () => {
  it.each(['', 'rmw_fastrtps_cpp', 'rmw_fastrtps_dynamic_cpp', 'rmw_cyclonedds_cpp', 'rmw_connextdds'])(
    "has none to RMW_IMPLEMENTATION '%s'",
    (rmw) => {
      expect(objectionToPlainDds({ RMW_IMPLEMENTATION: rmw })).toBeUndefined();
    },
  );

  it('objects to an rmw without DDS and to security', () => {
    expect(objectionToPlainDds({ RMW_IMPLEMENTATION: 'rmw_zenoh_cpp' })).toMatch(/rmw_zenoh_cpp/);
    expect(objectionToPlainDds({ ROS_SECURITY_ENABLE: 'true' })).toMatch(/ROS_SECURITY_ENABLE/);
    expect(objectionToPlainDds({ ROS_SECURITY_ENABLE: 'false' })).toBeUndefined();
  });
});
