import { GATE_TEXTS } from './gate-texts.js';

/**
 * Interfaces that the common definitions of `@foxglove/rosmsg-msgs-common` lack, by name: parts of services, and messages of
 * packages outside common_interfaces. Types of fields are named in full.
 */
export const INTERFACE_TEXTS: Readonly<Record<string, string>> = {
  ...GATE_TEXTS,
  // ros2/common_interfaces, std_srvs/srv
  'std_srvs/srv/Trigger_Request': '',
  'std_srvs/srv/Trigger_Response': 'bool success\nstring message',
  'std_srvs/srv/SetBool_Request': 'bool data',
  'std_srvs/srv/SetBool_Response': 'bool success\nstring message',
  // ros2/rcl_interfaces, lifecycle_msgs/srv
  'lifecycle_msgs/srv/ChangeState_Request': 'lifecycle_msgs/Transition transition',
  'lifecycle_msgs/srv/ChangeState_Response': 'bool success',
  'lifecycle_msgs/srv/GetState_Request': '',
  'lifecycle_msgs/srv/GetState_Response': 'lifecycle_msgs/State current_state',
  'lifecycle_msgs/srv/GetAvailableStates_Request': '',
  'lifecycle_msgs/srv/GetAvailableStates_Response': 'lifecycle_msgs/State[] available_states',
  'lifecycle_msgs/srv/GetAvailableTransitions_Request': '',
  'lifecycle_msgs/srv/GetAvailableTransitions_Response':
    'lifecycle_msgs/TransitionDescription[] available_transitions',
  // ros2/rcl_interfaces, rcl_interfaces/srv
  'rcl_interfaces/srv/DescribeParameters_Request': 'string[] names',
  'rcl_interfaces/srv/DescribeParameters_Response': 'rcl_interfaces/ParameterDescriptor[] descriptors',
  'rcl_interfaces/srv/GetParameterTypes_Request': 'string[] names',
  'rcl_interfaces/srv/GetParameterTypes_Response': 'uint8[] types',
  'rcl_interfaces/srv/GetParameters_Request': 'string[] names',
  'rcl_interfaces/srv/GetParameters_Response': 'rcl_interfaces/ParameterValue[] values',
  'rcl_interfaces/srv/ListParameters_Request': 'string[] prefixes\nuint64 depth',
  'rcl_interfaces/srv/ListParameters_Response': 'rcl_interfaces/ListParametersResult result',
  'rcl_interfaces/srv/SetParameters_Request': 'rcl_interfaces/Parameter[] parameters',
  'rcl_interfaces/srv/SetParameters_Response': 'rcl_interfaces/SetParametersResult[] results',
  'rcl_interfaces/srv/SetParametersAtomically_Request': 'rcl_interfaces/Parameter[] parameters',
  'rcl_interfaces/srv/SetParametersAtomically_Response': 'rcl_interfaces/SetParametersResult result',
  // ros-controls/ros2_control, controller_manager_msgs: Jazzy to Rolling
  'controller_manager_msgs/ControllerState': lines(
    'string name',
    'string state',
    'string type',
    'bool is_async',
    'uint16 update_rate',
    'string[] claimed_interfaces',
    'string[] required_command_interfaces',
    'string[] required_state_interfaces',
    'bool is_chainable',
    'bool is_chained',
    'string[] exported_state_interfaces',
    'string[] reference_interfaces',
    'controller_manager_msgs/ChainConnection[] chain_connections',
  ),
  'controller_manager_msgs/ChainConnection': 'string name\nstring[] reference_interfaces',
  'controller_manager_msgs/srv/ListControllers_Request': '',
  'controller_manager_msgs/srv/ListControllers_Response':
    'controller_manager_msgs/ControllerState[] controller',
  'controller_manager_msgs/srv/SwitchController_Request': lines(
    'string[] activate_controllers',
    'string[] deactivate_controllers',
    'int32 strictness',
    'bool activate_asap',
    'builtin_interfaces/Duration timeout',
  ),
  'controller_manager_msgs/srv/SwitchController_Response': 'bool ok\nstring message',
  // ros-controls/control_msgs
  'control_msgs/JointJog':
    'std_msgs/Header header\nstring[] joint_names\nfloat64[] displacements\nfloat64[] velocities\nfloat64 duration',
};

/** Interfaces that Humble has laid out in another way under the same names. */
const HUMBLE_TEXTS: Readonly<Record<string, string>> = {
  'controller_manager_msgs/ControllerState': lines(
    'string name',
    'string state',
    'string type',
    'string[] claimed_interfaces',
    'string[] required_command_interfaces',
    'string[] required_state_interfaces',
    'bool is_chainable',
    'bool is_chained',
    'string[] reference_interfaces',
    'controller_manager_msgs/ChainConnection[] chain_connections',
  ),
  'controller_manager_msgs/srv/SwitchController_Request': lines(
    'string[] activate_controllers',
    'string[] deactivate_controllers',
    'string[] start_controllers',
    'string[] stop_controllers',
    'int32 strictness',
    'bool start_asap',
    'bool activate_asap',
    'builtin_interfaces/Duration timeout',
  ),
  'controller_manager_msgs/srv/SwitchController_Response': 'bool ok',
};

/** @param distro as in ROS_DISTRO; what differs is laid out as in Jazzy where it is not humble */
export function interfaceTexts(distro: string | undefined): Readonly<Record<string, string>> {
  return distro === 'humble' ? { ...INTERFACE_TEXTS, ...HUMBLE_TEXTS } : INTERFACE_TEXTS;
}

function lines(...fields: readonly string[]): string {
  return fields.join('\n');
}
