/**
 * The build, run by the project's own Node (scripts/ensure.mjs starts it): generated sources, bundles, headers, and the
 * C runtime compiled by our own toolchain. Each step is skipped while its inputs have not changed. Everything written
 * lies in dist/, generated sources aside, and replaces what was there in one step.
 */
import { cpSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { generate } from './generate.mjs';
import { at, filesBelow, hashOf, projectNode, run, say } from './lib/project.mjs';
import { replaceFiles, replaceFolder } from './lib/replace.mjs';
import { step } from './lib/step.mjs';

const bundles = {
  cli: 'extension/cli/main.ts',
  'compile-worker': 'extension/worker/compile.ts',
  'simulate-worker': 'extension/worker/simulate.ts',
  'build-runtime': 'extension/worker/buildRuntime.ts',
  'bench/bench': 'bench/bench.ts',
};
const benches = filesBelow('bench', (path) => path.endsWith('.bench.ts'));

const typescript = ['bench', 'extension'].flatMap((folder) =>
  filesBelow(folder, (path) => path.endsWith('.ts') && !path.endsWith('.test.ts')),
);
const c = filesBelow('extension', (path) => /\.(c|h|cpp)$/.test(path));
const tools = ['package.json', 'package-lock.json', 'scripts/build.mjs'];

async function bundle() {
  /** @type {Record<string, string>} */
  const entryPoints = { ...bundles };
  for (const file of benches) entryPoints[file.replace(/\.ts$/, '')] = file;
  const names = await replaceFiles(at('dist'), async (outdir) => {
    await build({
      absWorkingDir: at(),
      entryPoints,
      outdir,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      sourcemap: 'linked',
      sourcesContent: false,
      logLevel: 'warning',
    });
  });
  // The bench runs every file it finds: one whose source is gone must go too.
  const written = new Set(names.map((name) => name.replaceAll('\\', '/')));
  for (const file of filesBelow('dist/bench', (path) => /\.bench\.js(\.map)?$/.test(path))) {
    if (!written.has(file.slice('dist/'.length))) rmSync(at(file));
  }
}

try {
  await generate();
  await step({
    name: 'bundles',
    inputs: hashOf([...typescript, ...tools]),
    outputs: Object.keys(bundles).map((name) => `dist/${name}.js`),
    work: bundle,
  });
  await step({
    name: 'headers',
    inputs: hashOf(c.filter((path) => path.startsWith('extension/core/wdk/include/'))),
    outputs: ['dist/wdk'],
    work: () =>
      replaceFolder(at('dist/wdk'), (next) => cpSync(at('extension/core/wdk/include'), next, { recursive: true })),
  });
  await step({
    name: 'runtime',
    inputs: hashOf([...c, 'dist/build-runtime.js', 'package-lock.json']),
    outputs: ['dist/runtime'],
    work: () =>
      replaceFolder(at('dist/runtime'), (next) => {
        if (run(projectNode, [at('dist/build-runtime.js'), next], { stdout: 'stderr' }) !== 0) {
          throw new Error('the C runtime did not compile');
        }
      }),
  });
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
