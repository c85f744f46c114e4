"""An operator drives alone, through the gate; no policy is needed.

    ros2 launch dynabridge teleop.launch.py robot:=cartpole port:=/dev/serial/by-id/<device>
    ros2 launch dynabridge teleop.launch.py robot:=cartpole port:=<device> use_mock_hardware:=true

Without a port robot.yaml has to allow an operator on the network (teleop: {joint_jog: true}).
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
            bridge.argument("port", "serial port of the operator's device; empty: none", default=""),
            bridge.argument(
                "use_mock_hardware", "true: the simulated robot (twin) in the place of the real one", default="false"
            ),
            bridge.twin(condition_on="use_mock_hardware"),
            *bridge.teleop(),
        ]
    )
