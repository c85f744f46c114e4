import { parse } from '@foxglove/rosmsg';
import { ros2humble } from '@foxglove/rosmsg-msgs-common';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { describe, expect, it } from 'vitest';
import { CodecCache, definitionText, type JointTrajectory } from '../../../../src/io/ros/index.js';

const known = Object.keys(ros2humble);

describe('the text of a definition', () => {
  it.each(known)('of %s says the same as the definition, with every type that it uses', (name) => {
    const type = name.replace('/', '/msg/');
    const [root, ...used] = parse(definitionText(type), { ros2: true });
    const names = new Set(used.map((part) => part.name));
    const original = ros2humble[name as keyof typeof ros2humble];
    expect(root!.definitions.map(plain)).toEqual(original.definitions.map(plain));
    for (const { definitions } of [root!, ...used])
      for (const field of definitions) if (field.isComplex === true) expect(names).toContain(field.type);
  });

  it('lets the library read what our codec writes', () => {
    const type = 'trajectory_msgs/msg/JointTrajectory';
    const message: JointTrajectory = {
      header: { stamp: { sec: 3, nanosec: 4 }, frame_id: 'base' },
      joint_names: ['a', 'bc'],
      points: [
        {
          positions: Float64Array.of(1, -0),
          velocities: new Float64Array(0),
          accelerations: new Float64Array(0),
          effort: new Float64Array(0),
          time_from_start: { sec: 0, nanosec: 10_000_000 },
        },
      ],
    };
    const reader = new MessageReader(parse(definitionText(type), { ros2: true }));
    expect(reader.readMessage(new CodecCache().get(type).encode(message))).toEqual(message);
  });

  it('is the one of rosbag2 for a joint state, but for comments', () => {
    expect(definitionText('sensor_msgs/msg/JointState')).toBe(
      [
        'std_msgs/Header header',
        'string[] name',
        'float64[] position',
        'float64[] velocity',
        'float64[] effort',
        '='.repeat(80),
        'MSG: std_msgs/Header',
        'builtin_interfaces/Time stamp',
        'string frame_id',
        '='.repeat(80),
        'MSG: builtin_interfaces/Time',
        'int32 sec',
        'uint32 nanosec',
        '',
      ].join('\n'),
    );
  });

  it('declares byte and char where ROS 2 does, though the library calls them uint8', () => {
    expect(definitionText('diagnostic_msgs/msg/DiagnosticStatus')).toBe(
      [
        'byte OK=0',
        'byte WARN=1',
        'byte ERROR=2',
        'byte STALE=3',
        'byte level',
        'string name',
        'string message',
        'string hardware_id',
        'diagnostic_msgs/KeyValue[] values',
        '='.repeat(80),
        'MSG: diagnostic_msgs/KeyValue',
        'string key',
        'string value',
        '',
      ].join('\n'),
    );
    const value = definitionText('rcl_interfaces/msg/ParameterValue');
    expect(value).toContain('\nbyte[] byte_array_value\n');
    expect(value).toMatch(/^uint8 type\n/m);
    const log = definitionText('rcl_interfaces/msg/Log');
    expect(log).toMatch(/^byte FATAL=50\n/m);
    expect(log).toMatch(/^uint8 level\n/m);
    expect(definitionText('std_msgs/msg/Byte')).toBe('byte data\n');
    expect(definitionText('std_msgs/msg/ByteMultiArray')).toMatch(/^byte\[\] data\n/m);
    expect(definitionText('std_msgs/msg/Char')).toBe('char data\n');
  });
});

/** Without what the library's two forms of a field write down in one case and leave out in the other. */
function plain(field: (typeof ros2humble)['std_msgs/Header']['definitions'][number]) {
  const { name, type, isArray, isConstant, value, arrayLength, arrayUpperBound, defaultValue } = field;
  const builtIn =
    type === 'builtin_interfaces/Time' ? 'time' : type === 'builtin_interfaces/Duration' ? 'duration' : type;
  return {
    name,
    type: builtIn,
    isArray: isArray ?? false,
    isConstant,
    value,
    arrayLength,
    arrayUpperBound,
    defaultValue,
  };
}
