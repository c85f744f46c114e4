import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DynabridgeError, toldError } from '../core/index.js';
import type { JudgedEpisode, LearnedRound, LearnerMessage, LearnerOrder } from './learner-messages.js';

type Answer = Exclude<LearnerMessage, { kind: 'line' | 'progress' }>;

export interface LearnerProcessListener {
  /** one line for people */
  line(text: string): void;
  /** of the round of learning that runs */
  progress(done: number, total: number): void;
}

/** The process that learns, for who started it. */
export class LearnerProcess {
  /** as it was found: what was learned and recorded in earlier sittings */
  readonly ready: Promise<Answer & { readonly kind: 'ready' }>;
  private readonly child: ChildProcess;
  private waiting: { resolve(answer: Answer): void; reject(error: Error): void } | null = null;
  private ended: Error | null = null;

  constructor(
    runFolder: string,
    robotFolder: string,
    private readonly listener: LearnerProcessListener,
  ) {
    this.child = fork(fileURLToPath(new URL('main.js', import.meta.url)), [runFolder, robotFolder], {
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (message: LearnerMessage) => this.onMessage(message));
    this.child.on('error', (error) => this.onExit(error.message)); // it could not be started, or told anything any more
    this.child.once('exit', (code, signal) => this.onExit(signal ?? `exit code ${code}`));
    this.ready = this.answer('ready');
    this.ready.catch(() => {}); // whoever waits for it is told
  }

  async read(): Promise<readonly JudgedEpisode[]> {
    return (await this.ask({ kind: 'read' }, 'read')).episodes;
  }

  async learn(): Promise<LearnedRound> {
    return (await this.ask({ kind: 'learn' }, 'learned')).round;
  }

  async revert(): Promise<void> {
    await this.ask({ kind: 'revert' }, 'reverted');
  }

  /** A round that runs is lost; what it would have learned from is on disk. */
  end(): void {
    this.child.removeAllListeners('exit');
    this.onExit('it was ended');
    this.child.kill('SIGTERM');
  }

  private async ask<Kind extends Answer['kind']>(
    order: LearnerOrder,
    kind: Kind,
  ): Promise<Answer & { readonly kind: Kind }> {
    await this.ready;
    if (this.ended !== null) throw this.ended;
    this.child.send(order);
    return this.answer(kind);
  }

  private async answer<Kind extends Answer['kind']>(kind: Kind): Promise<Answer & { readonly kind: Kind }> {
    const answer = await new Promise<Answer>((resolve, reject) => (this.waiting = { resolve, reject }));
    if (answer.kind !== kind)
      throw new DynabridgeError('INTERNAL', `the learner answered '${answer.kind}' to '${kind}'`);
    return answer as Answer & { readonly kind: Kind };
  }

  private onMessage(message: LearnerMessage): void {
    if (message.kind === 'line') this.listener.line(message.text);
    else if (message.kind === 'progress') this.listener.progress(message.done, message.total);
    else if (message.kind === 'failed') this.waiting?.reject(toldError(message));
    else this.waiting?.resolve(message);
  }

  private onExit(how: string): void {
    this.ended = new DynabridgeError(
      'UNAVAILABLE',
      `the learner has ended (${how}); what was recorded is kept`,
    );
    this.waiting?.reject(this.ended);
  }
}
