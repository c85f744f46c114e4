"""Refines a policy that was trained in simulation on the robot, which is up: its joint states flow and its controller listens.

    ros2 launch dynabridge finetune.launch.py robot:=cartpole run:=runs/<run> budget:=3min
    ros2 launch dynabridge finetune.launch.py robot:=cartpole run:=runs/<run> use_mock_hardware:=true task:=balance

On a real robot a person puts it back between episodes, and says so by the service ~/engage; reset:=start drives it to a start.
The launch ends when the budget of robot time is spent. It is never respawned; resume:=<its run directory> goes on.
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
            bridge.argument("resume", "run directory of a fine-tuning to go on with; empty: a new one", default=""),
            bridge.argument("budget", "time under the agent's control, evaluations included, e.g. 90s or 3min", default="3min"),
            bridge.argument(
                "reset",
                "how the robot comes back to a start: manual, start, none, or a std_srvs/srv/Trigger service; "
                "empty: manual, with use_mock_hardware the service of the twin",
                default="",
            ),
            bridge.argument("evaluation_episodes", "episodes that judge the policy before, and after", default="2"),
            bridge.argument("config", "YAML file that changes how is learned; empty: none", default=""),
            bridge.argument("teleop_port", "serial port of the operator's device; empty: none", default=""),
            bridge.argument("record", "true: record all of it as MCAP, in its directory", default="false"),
            bridge.argument(
                "use_mock_hardware", "true: the simulated robot (twin) in the place of the real one", default="false"
            ),
            bridge.argument("task", "with use_mock_hardware: the task where the twin starts; empty: its home pose", default=""),
            bridge.twin(condition_on="use_mock_hardware", task="task"),
            *bridge.finetune(),
        ]
    )
