/** Stands in for the engine: the first path of a run says how it behaves. Used by engineClient.test.ts. */
import { parentPort, threadId } from 'node:worker_threads';

parentPort?.on('message', (message) => {
  if (message.kind !== 'run') return;
  const { id, paths } = message;
  switch (paths[0]) {
    case '/exits':
      process.exit(3);
      break;
    case '/throws':
      throw new Error('boom');
    case '/hangs':
      return;
    default:
      parentPort?.postMessage({ kind: 'progress', id, text: String(threadId), done: 0, total: 1 });
      parentPort?.postMessage({ kind: 'finished', id, cancelled: false });
  }
});
