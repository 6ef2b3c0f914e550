/**
 * One debug session: the client's requests in, responses and events out. It runs anywhere: a stdio server and VS Code's
 * inline adapter give it messages (docs/debugging.md).
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { checkArguments } from './arguments.js';
import { FAILURE, RequestFailure } from './failure.js';
import { type Handlers, requestHandlers } from './requests.js';
import { RunControl } from './runControl.js';
import type { SessionHost } from './target.js';

export class DebugSession {
  readonly #host: SessionHost;
  readonly #control: RunControl;
  readonly #handlers: Handlers;
  #sequence = 1;

  constructor(host: SessionHost) {
    this.#host = host;
    this.#control = new RunControl(host, (event, body) => this.#event(event, body));
    this.#handlers = requestHandlers(this.#control);
  }

  /** Takes a message of the client; never rejects. */
  async handle(message: DebugProtocol.ProtocolMessage): Promise<void> {
    if (message.type !== 'request') return;
    const request = message as DebugProtocol.Request;
    this.#control.begin();
    try {
      const handler = this.#handlers[request.command];
      if (handler === undefined) {
        throw new RequestFailure('unknown', `The request '${request.command}' is not known here.`);
      }
      checkArguments(request.command, request.arguments);
      const body = await handler((request.arguments ?? {}) as never, request.seq);
      this.#respond(request, body);
    } catch (error) {
      this.#refuse(request, error);
    }
    await this.#control.end(request.command);
  }

  /** Ends the run, whatever it does. */
  async dispose(): Promise<void> {
    await this.#control.dispose();
  }

  #respond(request: DebugProtocol.Request, body: object | undefined): void {
    const response: DebugProtocol.Response = {
      seq: this.#sequence++,
      type: 'response',
      request_seq: request.seq,
      command: request.command,
      success: true,
      ...(body === undefined ? {} : { body }),
    };
    this.#host.send(response);
  }

  #refuse(request: DebugProtocol.Request, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const known = error instanceof RequestFailure;
    const response: DebugProtocol.ErrorResponse = {
      seq: this.#sequence++,
      type: 'response',
      request_seq: request.seq,
      command: request.command,
      success: false,
      message,
      body: {
        error: {
          id: known ? error.id : FAILURE.value,
          // Braces are place holders in this format: the text is given as one.
          format: '{text}',
          variables: { text: message },
          showUser: known && error.showUser,
        },
      },
    };
    this.#host.send(response);
  }

  #event(event: string, body: object | undefined): void {
    const message: DebugProtocol.Event = {
      seq: this.#sequence++,
      type: 'event',
      event,
      ...(body === undefined ? {} : { body }),
    };
    this.#host.send(message);
  }
}
