/** What the extension costs in a real VS Code: to install, to wake, and from a save to the view of its run. */
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { build } from 'esbuild';
import { at } from '../scripts/lib/project.mjs';
import { ensurePackaged } from '../scripts/lib/vsix.mjs';
import { runInExtensionHost } from '../scripts/vscode/extensionHost.mjs';
import type { EditorMeasurements } from '../test/vscode/probe.js';
import { type Figure, median, once } from './figures.js';

const MEGABYTE = 1e6;
/** Saves before which the engine is not warm yet. */
const COLD = 3;

const measured = once(async (): Promise<EditorMeasurements> => {
  const outdir = at('out/bench');
  const result = at('out/bench/editor.json');
  mkdirSync(outdir, { recursive: true });
  await build({
    absWorkingDir: at(),
    entryPoints: { probe: 'test/vscode/probe.ts' },
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    external: ['vscode'],
  });
  const status = await runInExtensionHost(at('out/bench/probe.cjs'), {
    VSP_LAB_BENCH_RESULT: result,
    VSP_LAB_BENCH_DRIVER: at('bench/drivers/warm/Warm.c'),
  });
  if (status !== 0) throw new Error('the extension host could not measure: out/screenshots shows where it stood');
  return JSON.parse(readFileSync(result, 'utf8')) as EditorMeasurements;
});

export const figures: readonly Figure[] = [
  {
    name: 'vsix-size',
    unit: 'MB',
    goal: { relation: '<=', bound: 30 },
    measure: async () => statSync(ensurePackaged()).size / MEGABYTE,
  },
  {
    name: 'editor-activation',
    unit: 'ms',
    goal: { relation: '<=', bound: 50 },
    measure: async () => (await measured()).activation,
  },
  {
    name: 'editor-save-to-view',
    unit: 'ms',
    goal: { relation: '<=', bound: 300 },
    measure: async () => median((await measured()).saveToView.slice(COLD)),
  },
];
