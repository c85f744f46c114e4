"""The simulated robot and the bridge, on this machine alone.

    ros2 launch dynabridge sim.launch.py robot:=cartpole run:=runs/<run>
    ros2 launch dynabridge sim.launch.py robot:=cartpole run:=runs/<run> clock:=true

The same as bringup.launch.py with use_mock_hardware:=true, where the agent engages by itself.
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
            bridge.argument("engage", "auto: the agent drives as soon as it can; manual: by ~/engage", default="auto"),
            bridge.argument("managed", "a lifecycle node, which launch configures and activates", default="false"),
            bridge.argument("teleop_port", "serial port of the operator's device; empty: none", default=""),
            bridge.argument("record", "true: record all of the run as MCAP, in its directory", default="false"),
            bridge.argument("clock", "true: the twin publishes simulated time on /clock", default="false"),
            bridge.twin(clock="clock"),
            *bridge.run(),
        ]
    )
