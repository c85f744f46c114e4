"""The bridge beside a robot that is up: its joint states flow and its controller listens.

    ros2 launch dynabridge bringup.launch.py robot:=cartpole run:=runs/<run>
    ros2 launch dynabridge bringup.launch.py robot:=/path/to/folder run:=runs/<run> use_mock_hardware:=true

By default it waits, holding nothing, for the service ~/engage. With managed:=true it is configured and activated by launch, as a
lifecycle node. It is never respawned: a bridge that stopped for a reason must not move the robot again by itself.
"""

import os
import sys

sys.path.append(os.path.dirname(__file__))
import dynabridge_launch as bridge
from launch import LaunchDescription


def generate_launch_description():
    return LaunchDescription(
        [
            *bridge.common_arguments(),
            bridge.argument("run", "run directory of a trained policy; empty: the newest of this robot", default=""),
            bridge.argument("engage", "auto: the agent drives as soon as it can; manual: by ~/engage", default="manual"),
            bridge.argument("managed", "a lifecycle node, which launch configures and activates", default="false"),
            bridge.argument("teleop_port", "serial port of the operator's device; empty: none", default=""),
            bridge.argument("record", "true: record all of the run as MCAP, in its directory", default="false"),
            bridge.argument(
                "use_mock_hardware", "true: the simulated robot (twin) in the place of the real one", default="false"
            ),
            bridge.twin(condition_on="use_mock_hardware"),
            *bridge.run(),
        ]
    )
