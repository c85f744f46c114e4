/** A process that jogs a joint as a ROS 2 node elsewhere would, driven by lines on its stdin; run from the compiled package. */
import { spawn, type ChildProcess } from 'node:child_process';
import { packageRoot } from '../../src/core/index.js';

const SCRIPT = `
const { createMiddleware } = await import(process.argv[1]);
const [, , joint] = process.argv;
const middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'joystick' });
const qos = { reliability: 'reliable', durability: 'volatile', depth: 1 };
const jog = middleware.createPublisher('/dynabridge/joint_jog', 'control_msgs/msg/JointJog', qos);
const client = middleware.createClient('/dynabridge/request_teleop', 'std_srvs/srv/SetBool');
const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
let velocity = 0;
setInterval(() => jog.publish({ header, joint_names: [joint], displacements: [], velocities: [velocity], duration: 0 }), 20);
process.stdin.setEncoding('utf8').on('data', (text) => {
  for (const line of text.trim().split('\\n')) {
    const [word, value] = line.split(' ');
    if (word === 'velocity') velocity = Number(value);
    else client.call({ data: value === 'true' }, 20000).then(
      ({ success, message }) => console.log(success, message),
      (error) => console.log(false, error.message),
    );
  }
});
`;

export class JogSender {
  stdout = '';
  private readonly child: ChildProcess;

  constructor(joint: string, env: NodeJS.ProcessEnv) {
    const ros = new URL('dist/src/io/ros/index.js', packageRoot()).href;
    this.child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, ros, joint], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
  }

  /** @param velocity [rad/s] or [m/s] */
  jog(velocity: number): void {
    this.child.stdin!.write(`velocity ${velocity}\n`);
  }

  request(teleop: boolean): void {
    this.child.stdin!.write(`request ${teleop}\n`);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
