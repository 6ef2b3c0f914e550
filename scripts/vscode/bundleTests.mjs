/** Bundles test/vscode for the extension host: one file per test file, and the runner. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { at, filesBelow } from '../lib/project.mjs';

const sources = 'test/vscode';

/**
 * @param {string} name folder below out/ that the bundles go to; two runs at the same time need two
 * @returns {Promise<{ runner: string, plan: string, results: string }>} the runner, the file that
 *   says what it runs (it belongs into VSP_LAB_TEST_PLAN), and the file it writes its results to; all absolute
 */
export async function bundleTests(name) {
  const outdir = at('out', name);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const tests = filesBelow(sources, (path) => path.endsWith('.test.ts'));
  await build({
    absWorkingDir: at(),
    entryPoints: [`${sources}/runner.ts`, ...tests],
    outbase: sources,
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const files = tests.map((source) => ({
    source: at(source),
    bundle: at('out', name, `${source.slice(sources.length + 1, -'.ts'.length)}.cjs`),
  }));
  const plan = at('out', name, 'plan.json');
  const results = at('out', name, 'results.json');
  writeFileSync(plan, JSON.stringify({ files, results }));
  return { runner: at('out', name, 'runner.cjs'), plan, results };
}
