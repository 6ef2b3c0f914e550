/** A debug run as a test drives it: one goal, one stop. */
import { DebugClient, type DebugClientOptions } from './debugClient.js';
import type {
  DebugLaunch,
  DebugRequestKind,
  DebugRequests,
  Ended,
  Goal,
  Launched,
  LaunchRefusal,
  Output,
  Stop,
} from './debugProtocol.js';

export type Told =
  | { readonly kind: 'stopped'; readonly stop: Stop }
  | { readonly kind: 'ended'; readonly ended: Ended }
  | { readonly kind: 'failed'; readonly message: string };

export class DebugSession {
  readonly output: Output[] = [];
  launched: Launched | LaunchRefusal | undefined;
  readonly client: DebugClient;
  readonly #told: Told[] = [];
  #waiting: ((told: Told) => void) | undefined;

  constructor(options: DebugClientOptions = {}) {
    const take = (told: Told): void => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#told.push(told);
      else waiting(told);
    };
    this.client = new DebugClient(
      {
        stopped: (stop) => take({ kind: 'stopped', stop }),
        output: (output) => this.output.push(output),
        ended: (ended) => take({ kind: 'ended', ended }),
        failed: (message) => take({ kind: 'failed', message }),
      },
      options,
    );
  }

  /** Throws what a refusal says. */
  async launch(launch: DebugLaunch): Promise<Launched> {
    this.launched = await this.client.launch(launch);
    if (!this.launched.ok) throw new Error(`${this.launched.reason}: ${this.launched.message}`);
    return this.launched;
  }

  /** What the run tells next. */
  next(): Promise<Told> {
    const told = this.#told.shift();
    return told === undefined
      ? new Promise((resolve) => {
          this.#waiting = resolve;
        })
      : Promise.resolve(told);
  }

  ask<Kind extends DebugRequestKind>(
    kind: Kind,
    ask: DebugRequests[Kind]['ask'],
  ): Promise<DebugRequests[Kind]['answer']> {
    return this.client.request(kind, ask);
  }

  async start(ask: DebugRequests['start']['ask'] = { stopOnEntry: true }): Promise<Stop> {
    await this.ask('start', ask);
    return this.stop();
  }

  async go(goal: Goal): Promise<Told> {
    await this.ask('resume', { goal });
    return this.next();
  }

  /** A goal that ends in a stop. */
  async to(goal: Goal): Promise<Stop> {
    await this.ask('resume', { goal });
    return this.stop();
  }

  async stop(): Promise<Stop> {
    const told = await this.next();
    if (told.kind !== 'stopped') {
      throw new Error(`the run did not stop: ${told.kind === 'failed' ? told.message : 'it ended'}`);
    }
    return told.stop;
  }

  /** Bytes of a variable of a frame. */
  async bytes(name: string, length: number, frame = 0): Promise<Uint8Array> {
    const variable = (await this.ask('variables', { frame })).find((each) => each.name === name && !each.shadowed);
    if (variable === undefined) throw new Error(`no variable ${name}`);
    return (await this.ask('readMemory', { address: variable.address, length })).bytes;
  }

  async int(name: string, frame = 0): Promise<number> {
    const bytes = await this.bytes(name, 4, frame);
    return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.dispose();
  }
}
