/** Entry of the thread that has an editor's texts as trees. */
import { parentPort, workerData } from 'node:worker_threads';
import type { LanguageRequest, LanguageWorkerData } from './languageProtocol.js';
import { LanguageServer } from './languageServer.js';

const port = parentPort;
if (port === null) throw new Error('the language thread is started by its host (extension/worker/languageClient.ts)');
const { grammars } = workerData as LanguageWorkerData;
const server = new LanguageServer(grammars, (reply) => port.postMessage(reply));
port.on('message', (request: LanguageRequest) => server.take(request));
