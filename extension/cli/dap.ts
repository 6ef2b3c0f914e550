/** `vsp-lab dap`: the debug adapter on stdin and stdout, for any editor that speaks the protocol. */
import { ProtocolServer } from '@vscode/debugadapter/lib/protocol.js';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DebugSession } from '../debug/session.js';
import { nodeHost } from './debugHost.js';
import { type CliHost, CommandError, EXIT } from './host.js';

/** Frames messages; the session answers them. */
class StdioServer extends ProtocolServer {
  /** Of the run, told by its last event. */
  exitStatus: number = EXIT.fine;
  readonly #session: DebugSession;

  constructor(cwd: string, ended: () => void) {
    super();
    this.#session = new DebugSession(nodeHost({ cwd, send: (message) => this.#send(message), ended }));
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    void this.#session.handle(request);
  }

  end(): Promise<void> {
    return this.#session.dispose();
  }

  /** Numbers are given here: those of the session are not needed. */
  #send(message: DebugProtocol.ProtocolMessage): void {
    if (message.type === 'response') {
      this.sendResponse({ ...(message as DebugProtocol.Response), seq: 0 });
      return;
    }
    const event = message as DebugProtocol.Event;
    if (event.event === 'exited') this.exitStatus = (event.body as { exitCode: number }).exitCode;
    this.sendEvent({ ...event });
  }
}

/** Ends when the client disconnects or goes away; answers the run's exit status. */
export async function dapCommand(words: readonly string[], host: CliHost, input: NodeJS.ReadStream): Promise<number> {
  const [stray] = words;
  if (stray !== undefined)
    throw new CommandError(`dap takes no arguments: what to debug comes with the launch (${stray})`);
  return new Promise((resolve) => {
    const finish = (): void => {
      void server.end().finally(() => {
        input.destroy();
        resolve(host.signal.aborted ? EXIT.interrupted : server.exitStatus);
      });
    };
    const server = new StdioServer(host.cwd, finish);
    server.on('close', finish);
    server.on('error', finish);
    host.signal.addEventListener('abort', finish, { once: true });
    server.start(input, host.stdout);
  });
}
