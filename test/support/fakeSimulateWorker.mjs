/** Stands in for a simulate worker: the seed says how it behaves. Used by simulateClient.test.ts. */
import { BroadcastChannel, parentPort, threadId } from 'node:worker_threads';

const drivers = new Set();

parentPort?.on('message', (message) => {
  if (message.kind === 'driver') {
    drivers.add(message.driver);
    return;
  }
  if (message.kind === 'forget') {
    drivers.delete(message.driver);
    return;
  }
  const { id, options } = message;
  const result = { threadId, drivers: [...drivers], driver: message.driver };
  const done = () => {
    const ends = message.calls?.map(() => result);
    parentPort?.postMessage(ends === undefined ? { kind: 'done', id, result } : { kind: 'stressed', id, ends });
  };
  if (options.seed === 'never loads') return;
  parentPort?.postMessage({ kind: 'started', id });
  if (options.seed.startsWith('varies')) {
    parentPort?.postMessage({ kind: 'ran', id, result });
    if (options.seed === 'varies without end') {
      new BroadcastChannel('variants').postMessage('begun');
      for (;;);
    }
    if (options.seed === 'varies and exits') process.exit(3);
    const differential = { records: [], breaches: [], contexts: [] };
    if (options.seed === 'varies and fails') parentPort?.postMessage({ kind: 'failed', id, message: 'no memory' });
    else parentPort?.postMessage({ kind: 'varied', id, differential });
    return;
  }
  if (options.seed === 'loops') for (;;);
  if (options.seed === 'exits') process.exit(3);
  if (options.seed === 'throws') throw new Error('boom');
  if (options.seed === 'fails') parentPort?.postMessage({ kind: 'failed', id, message: 'no such export' });
  else done();
});
