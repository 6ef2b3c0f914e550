/**
 * What typing costs with the static rules: from the last key to the findings in the host's hands, the pause an editor
 * waits included. Each round changes the code of one function, as a person does.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { TYPING_PAUSE } from '../extension/core/language/typingPause.js';
import { EngineClient, type RunOrder } from '../extension/worker/engineClient.js';
import { at } from '../scripts/lib/project.mjs';
import { type Figure, median, once } from './figures.js';

const ROUNDS = 9;
/** The compiler is loaded, and its hottest functions are optimised, during the first few. */
const WARM_UP_ROUNDS = 8;
/** Between two words of a person. */
const THINKING = 500;
const NANOSECONDS = 1e6;

interface Typing {
  readonly folder: string;
  readonly file: string;
  /** The text after that many changes. */
  readonly text: (round: number) => string;
}

interface Checked {
  /** Milliseconds from the last key. */
  readonly latency: number;
  /** The longest the host's event loop stood still meanwhile, in milliseconds. */
  readonly blocked: number;
}

async function typed({ folder, file, text }: Typing): Promise<Checked> {
  const cacheFolder = mkdtempSync(join(tmpdir(), 'vsp-lab-bench-'));
  const engine = new EngineClient({ root: at(), cacheFolder });
  const delays = monitorEventLoopDelay({ resolution: 1 });
  try {
    const times: number[] = [];
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
      await setTimeout(THINKING);
      if (round === WARM_UP_ROUNDS) delays.enable();
      const order: RunOrder = {
        cwd: folder,
        paths: [folder],
        workspaceRoots: [folder],
        overlays: [{ path: `${folder}/${file}`, bytes: Buffer.from(text(round)) }],
        settings: {},
      };
      const started = performance.now();
      const answer = await engine.check(order);
      if (round >= WARM_UP_ROUNDS) times.push(TYPING_PAUSE + performance.now() - started);
      const problems =
        answer.kind === 'checked' ? answer.outcomes.flatMap(({ diagnostics }) => diagnostics) : undefined;
      if (problems === undefined || problems.length > 0)
        throw new Error(`the driver was not checked: ${problems?.[0]?.message}`);
    }
    delays.disable();
    return { latency: median(times), blocked: delays.max / NANOSECONDS };
  } finally {
    await engine.dispose();
    rmSync(cacheFolder, { recursive: true, force: true });
  }
}

const nic = once(() => {
  const folder = at('examples/synthetic-nic').replaceAll('\\', '/');
  const text = readFileSync(`${folder}/NicIndication.c`, 'utf8');
  const body = text.indexOf('{\n', text.indexOf('NTSTATUS NicSavePacket(')) + 2;
  return typed({
    folder,
    file: 'NicIndication.c',
    text: (round) => `${text.slice(0, body)}    volatile int typed = ${round};\n    (void)typed;\n${text.slice(body)}`,
  });
});

/** One save and one restore callback with their helpers, some 75 lines. */
function part(number: number, round: number): string {
  return readFileSync(at('bench/drivers/check/Part.c'), 'utf8')
    .replaceAll('PART', `P${number}`)
    .replaceAll('ROUND', String(round));
}

function generated(lines: number): Promise<Checked> {
  const folder = at(`out/bench/check-${lines}`).replaceAll('\\', '/');
  const text = (round: number): string => {
    let made = '#include <ntddk.h>\n#include <vmbuskernelmodeclientlibapi.h>\n';
    for (let at = 0; made.split('\n').length < lines; at += 1) made += part(at, at === 1 ? round : 0);
    return made;
  };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/Driver.c`, text(0));
  return typed({ folder, file: 'Driver.c', text });
}

const goal = { relation: '<=', bound: 300 } as const;

export const figures: readonly Figure[] = [
  { name: 'check-after-typing', unit: 'ms', goal, measure: async () => (await nic()).latency },
  {
    name: 'check-after-typing-300-lines',
    unit: 'ms',
    goal,
    measure: async () => (await generated(300)).latency,
  },
  {
    name: 'check-after-typing-3000-lines',
    unit: 'ms',
    goal,
    measure: async () => (await generated(3000)).latency,
  },
  {
    name: 'check-after-typing-host-blocked',
    unit: 'ms',
    goal: { relation: '<=', bound: 50 },
    measure: async () => (await nic()).blocked,
  },
];
