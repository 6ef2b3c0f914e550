/** What typing costs with structure, and what a workspace costs to know: in the thread that editors have for it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { LanguageClient } from '../extension/worker/languageClient.js';
import { at } from '../scripts/lib/project.mjs';
import { type Figure, median, once } from './figures.js';

const KEYS = 40;
/** Key presses before which the thread is not warm yet; typing goes on for hours. */
const COLD = 5;
const LINES = 10_000;
const FILES = 200;
const FILE_LINES = 1_000;
const NANOSECONDS = 1e6;
const NOTHING_KNOWN = { save: new Set<string>(), restore: new Set<string>() };

const source = once(async () => readFileSync(at('examples/synthetic-nic/NicIndication.c'), 'utf8'));

/** As many lines of driver code as wanted, with names of their own. */
async function code(lines: number, name: string): Promise<string> {
  const one = await source();
  let text = '';
  for (let part = 0; text.split('\n').length < lines; part += 1) text += one.replaceAll('Nic', `${name}${part}`);
  return text.split('\n').slice(0, lines).join('\n');
}

/** Milliseconds from a key press in the middle of the file to the places of its callbacks. */
const keystroke = once(async (): Promise<number> => {
  const client = new LanguageClient({ root: at() });
  try {
    const uri = 'file:///bench/Large.c';
    let text = await code(LINES, 'Nic');
    client.open(uri, 'c', text);
    await client.ask('anchors', { uri, known: NOTHING_KNOWN });
    const offset = text.indexOf('    return', text.length >> 1);
    const times: number[] = [];
    for (let key = 0; key < KEYS; key += 1) {
      const started = performance.now();
      client.change(uri, [{ offset: offset + key, length: 0, text: ' ' }]);
      const found = await client.ask('anchors', { uri, known: NOTHING_KNOWN });
      times.push(performance.now() - started);
      if (found === undefined || found.anchors.length === 0) throw new Error('no callback was found');
      text = `${text.slice(0, offset)} ${text.slice(offset)}`;
    }
    return median(times.slice(COLD));
  } finally {
    await client.dispose();
  }
});

interface Indexed {
  readonly seconds: number;
  /** The longest the host's event loop stood still meanwhile, in milliseconds. */
  readonly blocked: number;
}

const indexed = once(async (): Promise<Indexed> => {
  const folder = at('out/bench/index');
  mkdirSync(folder, { recursive: true });
  const paths: string[] = [];
  for (let file = 0; file < FILES; file += 1) {
    const path = `${folder}/Driver${file}.c`;
    writeFileSync(path, await code(FILE_LINES, `D${file}x`));
    paths.push(path);
  }
  const client = new LanguageClient({ root: at() });
  const delays = monitorEventLoopDelay({ resolution: 1 });
  try {
    delays.enable();
    const started = performance.now();
    client.index(paths.map((path) => ({ uri: pathToFileURL(path).toString(), path })));
    await client.settled();
    const seconds = (performance.now() - started) / 1000;
    delays.disable();
    const counts = await client.ask('counts', {});
    if (counts?.files !== FILES) throw new Error(`${counts?.files} of ${FILES} files are in the index`);
    return { seconds, blocked: delays.max / NANOSECONDS };
  } finally {
    await client.dispose();
  }
});

export const figures: readonly Figure[] = [
  { name: 'keystroke-structure', unit: 'ms', goal: { relation: '<=', bound: 30 }, measure: keystroke },
  {
    name: 'index-200-files',
    unit: 's',
    goal: { relation: '<=', bound: 3 },
    measure: async () => (await indexed()).seconds,
  },
  {
    name: 'index-200-files-host-blocked',
    unit: 'ms',
    goal: { relation: '<=', bound: 50 },
    measure: async () => (await indexed()).blocked,
  },
];
