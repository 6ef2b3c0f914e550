/** Entry of the engine: a worker thread of its host, or a child process where the host's own Node is too old. */
import './codeCollection.js';
import { parentPort, workerData } from 'node:worker_threads';
import { Engine, type EngineOptions } from './engine.js';
import { EngineServer } from './engineServer.js';
import { toPipe } from './pipe.js';

function serveThread(port: NonNullable<typeof parentPort>): void {
  const engine = new Engine(workerData as EngineOptions);
  const server = new EngineServer(engine, (reply, transfer) => port.postMessage(reply, transfer));
  port.on('message', (message) => void server.take(message));
}

/** `options` came as JSON in the only argument. */
function serveProcess(send: (message: unknown) => void, options: string): void {
  const engine = new Engine(JSON.parse(options) as EngineOptions);
  const server = new EngineServer(engine, (reply) => {
    for (const message of toPipe(reply)) send(message);
  });
  process.on('message', (message) => void server.take(message));
  // The host has gone: nobody wants the answers.
  process.on('disconnect', () => process.exit());
}

const send = process.send?.bind(process);
if (parentPort !== null) serveThread(parentPort);
else if (send !== undefined) serveProcess((message) => void send(message), process.argv[2] ?? '{}');
else throw new Error('the engine is started by its host (extension/worker/engineClient.ts)');
