import type { NewestCommand } from './command-stream.js';
import type { Clock } from '../core/index.js';
import type {
  DeployMessage,
  EpisodeEndMessage,
  EventMessage,
  EvidenceMessage,
  HeartbeatMessage,
  IpcConnection,
  IpcMessage,
  ProposalMessage,
  RequestMessage,
  TickMessage,
  ObservationMessage,
  TrafficMessage,
} from '../io/ipc/index.js';
import type { Measured } from '../safety/index.js';
import type { AgentLink } from './agent-link.js';

/** What the guard wants to hear from its other processes. */
export interface LinkHandlers {
  readonly onProposal: (message: ProposalMessage) => void;
  readonly onEvidence: (message: EvidenceMessage) => void;
  readonly onEpisodeEnd: (message: EpisodeEndMessage) => void;
  readonly onDeploy: (message: DeployMessage) => void;
  readonly onRequest: (event: RequestMessage['event']) => void;
  readonly onExit: () => void;
  readonly onAgentLost: () => void;
  readonly onSupervisorLost: () => void;
  /** the recorder has told something */
  readonly onRecorder: () => void;
}

const NONE = new Float64Array(0);
const MOST_EARLY = 100;
/** What a recorder may tell; what moves the robot is not for it to say. */
const RECORDER_EVENTS: readonly string[] = [
  'black-box',
  'black-box-failed',
  'episode',
  'recording',
  'recording-failed',
  'wire-recording-failed',
];
/** What an agent may tell: what became of a deployment. */
const AGENT_EVENTS: readonly string[] = ['deployed', 'deploy-failed'];

/** The guard's connections to agent, recorders and supervisor. A peer that does not read loses messages, and is not waited for. */
export class ProcessLinks {
  /** path of the newest black box; empty: none was written yet */
  blackBox = '';
  /** the event that opened the running episode, for a recorder that comes late */
  private engaged: EventMessage | null = null;
  /** the event that says what the agent drives with, for the same; null: with what it was started with */
  private deployed: EventMessage | null = null;
  private readonly recorders = new Set<IpcConnection>();
  private supervisor: IpcConnection | null = null;
  /** what happened before the supervisor came */
  private readonly early: EventMessage[] = [];

  constructor(
    readonly agent: AgentLink,
    private readonly clock: Clock,
    private readonly handlers: LinkHandlers,
  ) {}

  /** A process of ours has connected; its first message says which. */
  accept(connection: IpcConnection): void {
    connection.onMessage = (message) => this.onMessage(connection, message);
  }

  /** One line in events.jsonl, and the start and end of episodes. */
  emit(kind: string, detail: EventMessage['detail']): void {
    const event = { type: 'event', kind, atNs: this.clock.nowNs(), detail } as const;
    if (kind === 'engaged') this.engaged = event;
    if (kind === 'disengaged') this.engaged = null;
    if (kind === 'deployed') this.deployed = event;
    if (this.supervisor !== null) this.supervisor.send(event);
    else if (this.early.length < MOST_EARLY) this.early.push(event);
    this.record(event);
  }

  /** @returns false where there is no recorder, or one does not keep up and has lost it */
  record(
    message:
      EventMessage | TickMessage | ObservationMessage | ProposalMessage | EpisodeEndMessage | TrafficMessage,
  ): boolean {
    let taken = this.recorded;
    for (const recorder of this.recorders) if (!recorder.send(message)) taken = false;
    return taken;
  }

  /** Tells the supervisor that the guard lives, and what a stop would have to go on from. */
  beat(
    sign: Pick<HeartbeatMessage, 'seq' | 'mode'>,
    command: NewestCommand | null,
    measured: Measured | null,
  ): void {
    const { positions, velocities } = measured ?? { positions: NONE, velocities: NONE };
    this.supervisor?.send({
      type: 'heartbeat',
      ...sign,
      sentNs: command?.sentNs ?? 0n,
      lastCommand: command?.rows ?? [],
      positions,
      velocities,
    });
  }

  get supervised(): boolean {
    return this.supervisor !== null;
  }

  get recorded(): boolean {
    return this.recorders.size > 0;
  }

  private onMessage(connection: IpcConnection, message: IpcMessage): void {
    switch (message.type) {
      case 'hello':
        this.greet(connection, message.role);
        break;
      case 'proposal':
        if (this.agent.owns(connection)) this.handlers.onProposal(message);
        break;
      case 'evidence':
        if (this.agent.owns(connection)) this.handlers.onEvidence(message);
        break;
      case 'episode-end':
        if (this.agent.owns(connection)) this.handlers.onEpisodeEnd(message);
        break;
      case 'deploy':
        if (connection === this.supervisor) this.handlers.onDeploy(message);
        break;
      case 'request':
        if (connection === this.supervisor) this.handlers.onRequest(message.event);
        break;
      case 'exit':
        if (connection === this.supervisor) this.handlers.onExit();
        break;
      case 'event':
        if (this.recorders.has(connection)) this.onRecorderEvent(message);
        else if (this.agent.owns(connection)) this.onAgentEvent(message);
        break;
      case 'observation':
      case 'tick':
      case 'traffic':
      case 'heartbeat':
        break; // ours to send
    }
  }

  private onRecorderEvent({ kind, detail }: EventMessage): void {
    if (!RECORDER_EVENTS.includes(kind)) return;
    if (kind === 'black-box') this.blackBox = String(detail['file']);
    this.emit(kind, detail);
    this.handlers.onRecorder();
  }

  private onAgentEvent({ kind, detail }: EventMessage): void {
    if (!AGENT_EVENTS.includes(kind)) return;
    this.agent.deployed(kind === 'deployed');
    this.emit(kind, detail);
  }

  private greet(connection: IpcConnection, role: 'agent' | 'recorder' | 'supervisor'): void {
    if (role === 'agent') {
      if (!this.agent.connect(connection)) {
        this.emit('agent-refused', { why: 'an agent is connected already; end that one first' });
        connection.destroy();
        return;
      }
      this.deployed = null;
      connection.onClose = () => {
        if (this.agent.disconnect(connection)) this.handlers.onAgentLost();
      };
    } else if (role === 'recorder') {
      this.recorders.add(connection);
      for (const event of [this.deployed, this.engaged]) if (event) connection.send(event);
      connection.onClose = () => this.recorders.delete(connection);
    } else {
      this.supervisor = connection;
      for (const event of this.early.splice(0)) connection.send(event);
      connection.onClose = () => {
        this.supervisor = null;
        this.handlers.onSupervisorLost();
      };
    }
    this.emit('connected', { role });
  }
}
