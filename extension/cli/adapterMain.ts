/**
 * Entry of the debug adapter inside an editor: a worker thread of the extension host, or a child process of a newer Node
 * where the host's own has no 64-bit memory. Messages of the protocol are posted as they are.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DebugSession } from '../debug/session.js';
import { nodeHost } from './debugHost.js';

export interface AdapterOptions {
  readonly cacheFolder: string;
}

function serve(send: (message: unknown) => void, options: AdapterOptions): (message: unknown) => void {
  const session = new DebugSession(nodeHost({ cwd: process.cwd(), ...options, send, ended: () => undefined }));
  return (message) => void session.handle(message as DebugProtocol.ProtocolMessage);
}

const send = process.send?.bind(process);
if (parentPort !== null) {
  const port = parentPort;
  port.on(
    'message',
    serve((message) => port.postMessage(message), workerData as AdapterOptions),
  );
} else if (send !== undefined) {
  process.on(
    'message',
    serve((message) => void send(message), JSON.parse(process.argv[2] ?? '{}') as AdapterOptions),
  );
  // The editor has gone.
  process.on('disconnect', () => process.exit());
} else {
  throw new Error('the adapter is started by its editor (extension/features/debugAdapter.ts)');
}
