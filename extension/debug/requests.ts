/** Every request of the protocol that is answered, by name. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { breakpointRequests } from './breakpointRequests.js';
import { CAPABILITIES } from './capabilities.js';
import { frameRequests } from './frameRequests.js';
import { memoryRequests } from './memoryRequests.js';
import { ownRequests } from './ownRequests.js';
import type { RunControl } from './runControl.js';
import { steppingRequests } from './steppingRequests.js';
import { valueRequests } from './valueRequests.js';

/** Answers the response's body; throws for a request that cannot be answered. */
export type Handler = (parameters: never, sequence: number) => Promise<object | undefined>;
export type Handlers = Readonly<Record<string, Handler>>;

export function requestHandlers(control: RunControl): Handlers {
  return {
    ...lifeRequests(control),
    ...breakpointRequests(control),
    ...steppingRequests(control),
    ...frameRequests(control),
    ...valueRequests(control),
    ...memoryRequests(control),
    ...ownRequests(control),
  };
}

function lifeRequests(control: RunControl): Handlers {
  return {
    initialize: async (client: DebugProtocol.InitializeRequestArguments) => {
      control.client = client;
      control.positions.initialize(client.linesStartAt1 !== false, client.columnsStartAt1 !== false);
      return CAPABILITIES;
    },
    launch: async (attributes: object, sequence: number) => {
      await control.launch(attributes, sequence);
      return undefined;
    },
    configurationDone: async () => {
      await control.configured();
      return undefined;
    },
    restart: async ({ arguments: attributes }: DebugProtocol.RestartArguments) => {
      await control.restart(attributes);
      return undefined;
    },
    terminate: async () => {
      await control.terminate();
      return undefined;
    },
    disconnect: async () => {
      await control.dispose();
      return undefined;
    },
    cancel: async ({ requestId, progressId }: DebugProtocol.CancelArguments) => {
      await control.cancel(requestId, progressId);
      return undefined;
    },
  };
}
