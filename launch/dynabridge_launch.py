"""What the launch files share: arguments, the twin, and the bridge, which ends the launch when it ends."""

import os

from ament_index_python.packages import get_package_share_directory
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown, matches_action
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition

# The bridge ramps the robot to rest on SIGINT, at most 2 s; launch must not cut that short.
STOP_SECONDS = "5"


def argument(name, description, default=None):
    return DeclareLaunchArgument(name, default_value=default, description=description)


def common_arguments():
    return [
        argument("robot", "name of a packaged robot (see urdf/), or the path of a robot folder"),
        argument(
            "robot_description_topic",
            "topic of robot_state_publisher whose URDF takes the place of the folder's; empty: none",
            default="",
        ),
        argument("namespace", "namespace of the nodes; topics that robot.yaml names absolutely stay where they are", default=""),
        argument("name", "name of the bridge's node", default="dynabridge"),
        argument("params_file", "YAML of parameters; empty: launch/params/<robot>.yaml where there is one", default=""),
        argument("middleware", "auto, rtps or rclnodejs", default="auto"),
    ]


def twin(condition_on=None, clock=None, task=None):
    """The simulated robot. Arguments: condition_on that must be true; clock that makes it publish /clock; task where it starts."""

    def start(context):
        arguments = ["twin", "--robot", value(context, "robot")]
        if clock and is_true(value(context, clock)):
            arguments.append("--clock")
        arguments += option("--task", value(context, task)) if task else []
        return [
            Node(
                package="dynabridge",
                executable="dynabridge",
                name="twin",
                namespace=value(context, "namespace"),
                arguments=arguments,
                output="screen",
            )
        ]

    condition = IfCondition(LaunchConfiguration(condition_on)) if condition_on else None
    return OpaqueFunction(function=start, condition=condition)


def run():
    """`dynabridge run`."""

    def start(context):
        arguments = ["run", "--robot", value(context, "robot"), "--engage", value(context, "engage")]
        arguments += robot_description(context)
        arguments += option("--run", value(context, "run")) + option("--teleop-port", value(context, "teleop_port"))
        if is_true(value(context, "record")):
            arguments.append("--record")
        managed = is_true(value(context, "managed"))
        return bridge(context, arguments + (["--managed"] if managed else []), managed)

    return [OpaqueFunction(function=start)]


def finetune():
    """`dynabridge finetune`."""

    def start(context):
        arguments = ["finetune", "--robot", value(context, "robot"), "--budget", value(context, "budget")]
        arguments += ["--reset", value(context, "reset") or default_reset(context)]
        arguments += ["--evaluation-episodes", value(context, "evaluation_episodes")]
        arguments += robot_description(context)
        arguments += option("--run", value(context, "run")) + option("--resume", value(context, "resume"))
        arguments += option("--config", value(context, "config"))
        arguments += option("--teleop-port", value(context, "teleop_port"))
        if is_true(value(context, "record")):
            arguments.append("--record")
        return bridge(context, arguments, managed=False)

    return [OpaqueFunction(function=start)]


def default_reset(context):
    if not is_true(value(context, "use_mock_hardware")):
        return "manual"
    return "/".join(["", *filter(None, [value(context, "namespace").strip("/")]), "twin", "reset"])


def teleop():
    """`dynabridge teleop`."""

    def start(context):
        arguments = ["teleop", "--robot", value(context, "robot")] + robot_description(context)
        return bridge(context, arguments + option("--port", value(context, "port")), managed=False)

    return [OpaqueFunction(function=start)]


def bridge(context, arguments, managed):
    common = {
        "package": "dynabridge",
        "executable": "dynabridge",
        "name": value(context, "name"),
        "namespace": value(context, "namespace"),
        "arguments": arguments + ["--middleware", value(context, "middleware")],
        "parameters": parameter_files(context),
        "output": "screen",
        "respawn": False,
        "sigterm_timeout": STOP_SECONDS,
        "sigkill_timeout": STOP_SECONDS,
    }
    node = LifecycleNode(**common) if managed else Node(**common)
    end = RegisterEventHandler(OnProcessExit(target_action=node, on_exit=end_launch))
    return [*activation(node), node, end] if managed else [node, end]


def end_launch(_event, context):
    return None if context.is_shutdown else EmitEvent(event=Shutdown(reason="the bridge ended"))


def activation(node):
    """Configures the node when it is there, and activates it when it is configured."""

    def change(transition):
        return EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition))

    activate = OnStateTransition(
        target_lifecycle_node=node,
        start_state="configuring",
        goal_state="inactive",
        entities=[change(Transition.TRANSITION_ACTIVATE)],
    )
    return [RegisterEventHandler(activate), change(Transition.TRANSITION_CONFIGURE)]


def parameter_files(context):
    given = value(context, "params_file")
    if given:
        return [given]
    robot = os.path.basename(os.path.normpath(value(context, "robot")))
    packaged = os.path.join(get_package_share_directory("dynabridge"), "launch", "params", robot + ".yaml")
    return [packaged] if os.path.exists(packaged) else []


def robot_description(context):
    return option("--robot-description", value(context, "robot_description_topic"))


def option(flag, text):
    return [flag, text] if text else []


def value(context, name):
    return LaunchConfiguration(name).perform(context)


def is_true(text):
    return text.lower() in ("true", "1", "yes", "on")
