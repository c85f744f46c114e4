"""Start the bridge beside a robot that is already up (or beside the twin, with twin:=true).

    ros2 launch launch/dynabridge.launch.py robot:=cartpole run:=runs/<run>
    ros2 launch launch/dynabridge.launch.py robot:=cartpole run:=runs/<run> twin:=true

The bridge is never respawned: a bridge that stopped for a reason must not move the robot again by itself.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, EmitEvent, ExecuteProcess, RegisterEventHandler
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.substitutions import LaunchConfiguration

# The bridge ramps the robot to rest on SIGINT, at most 2 s; launch must not cut that short.
STOP_SECONDS = "5"


def generate_launch_description():
    bridge = ExecuteProcess(
        cmd=[
            LaunchConfiguration("dynabridge"),
            "run",
            "--robot",
            LaunchConfiguration("robot"),
            "--run",
            LaunchConfiguration("run"),
        ],
        output="screen",
        respawn=False,
        sigterm_timeout=STOP_SECONDS,
        sigkill_timeout=STOP_SECONDS,
    )
    twin = ExecuteProcess(
        cmd=[LaunchConfiguration("dynabridge"), "twin", "--robot", LaunchConfiguration("robot")],
        output="screen",
        condition=IfCondition(LaunchConfiguration("twin")),
    )
    return LaunchDescription(
        [
            DeclareLaunchArgument("robot", description="name of a packaged robot, or the path of a robot folder"),
            DeclareLaunchArgument("run", description="run directory of a trained policy"),
            DeclareLaunchArgument("twin", default_value="false", description="also start the simulated robot"),
            DeclareLaunchArgument("dynabridge", default_value="dynabridge", description="the dynabridge executable"),
            twin,
            bridge,
            RegisterEventHandler(OnProcessExit(target_action=bridge, on_exit=[EmitEvent(event=Shutdown())])),
        ]
    )
