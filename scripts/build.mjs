/**
 * The build, run by the project's own Node (scripts/ensure.mjs starts it): generated sources, bundles, headers, and the
 * C runtime compiled by our own toolchain. Each step is skipped while its inputs have not changed. Everything written
 * lies in dist/, generated sources aside, and replaces what was there in one step.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';
import { generate, writeGenerated } from './generate.mjs';
import { notices, packagesFile, packagesIn, rememberedPackages } from './lib/notices.mjs';
import { at, filesBelow, hashOf, projectNode, run, say } from './lib/project.mjs';
import { replaceFiles, replaceFolder } from './lib/replace.mjs';
import { step } from './lib/step.mjs';

/** VS Code 1.101, the oldest the extension runs in, has Node 22; so may a remote host's. */
const oldestNode = 'node22';

const bundles = {
  cli: 'extension/cli/main.ts',
  adapter: 'extension/cli/adapterMain.ts',
  engine: 'extension/worker/engineMain.ts',
  'compile-worker': 'extension/worker/compile.ts',
  'simulate-worker': 'extension/worker/simulate.ts',
  'debug-worker': 'extension/worker/debug.ts',
  'language-worker': 'extension/worker/languageMain.ts',
  'build-runtime': 'extension/worker/buildRuntime.ts',
  'bench/bench': 'bench/bench.ts',
};
/** The bundles that the VSIX holds. */
const shipped = new Set([
  'extension.cjs',
  'adapter.js',
  'engine.js',
  'compile-worker.js',
  'simulate-worker.js',
  'debug-worker.js',
  'language-worker.js',
  'view.js',
  'view.css',
]);
const benches = filesBelow('bench', (path) => path.endsWith('.bench.ts'));

const typescript = ['bench', 'extension'].flatMap((folder) =>
  filesBelow(folder, (path) => path.endsWith('.ts') && !path.endsWith('.test.ts')),
);
const page = filesBelow('webview', (path) => /\.(tsx?|css)$/.test(path) && !/\.test\.tsx?$/.test(path));
const c = filesBelow('extension', (path) => /\.(c|h|cpp)$/.test(path));
const tools = ['package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/lib/notices.mjs'];

const common = /** @satisfies {import('esbuild').BuildOptions} */ ({
  absWorkingDir: at(),
  bundle: true,
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
});

/**
 * Notes whose code the shipped outputs of a build step hold.
 * @param {string} bundle
 * @param {import('esbuild').Metafile[]} metafiles
 */
function notePackages(bundle, metafiles) {
  const packages = metafiles.flatMap((metafile) => packagesIn(metafile, (path) => shipped.has(basename(path))));
  mkdirSync(at('dist/.steps'), { recursive: true });
  writeFileSync(packagesFile(bundle), JSON.stringify(packages));
}

async function bundle() {
  /** @type {Record<string, string>} */
  const entryPoints = { ...bundles };
  for (const file of benches) entryPoints[file.replace(/\.ts$/, '')] = file;
  const names = await replaceFiles(at('dist'), async (outdir) => {
    const node = /** @satisfies {import('esbuild').BuildOptions} */ ({
      ...common,
      outdir,
      platform: 'node',
      target: oldestNode,
    });
    // What a bench drives a browser with is no part of what it measures.
    const external = ['esbuild', 'playwright-core'];
    // Packages of the older module system ask for Node's own modules by `require`.
    const banner = {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    };
    const engine = await build({ ...node, entryPoints, format: 'esm', external, banner });
    const extension = await build({
      ...node,
      entryPoints: { extension: 'extension/main.ts' },
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      external: ['vscode'],
    });
    notePackages('bundles', [engine.metafile, extension.metafile]);
  });
  // The bench runs every file it finds: one whose source is gone must go too.
  const written = new Set(names.map((name) => name.replaceAll('\\', '/')));
  for (const file of filesBelow('dist/bench', (path) => /\.bench\.js(\.map)?$/.test(path))) {
    if (!written.has(file.slice('dist/'.length))) rmSync(at(file));
  }
}

/** One script and one style sheet, which an exported file can carry inline. */
async function bundlePage() {
  await replaceFolder(at('dist/webview'), async (outdir) => {
    const { metafile } = await build({
      ...common,
      entryPoints: { view: 'webview/main.tsx' },
      outdir,
      format: 'iife',
      platform: 'browser',
      target: 'es2023',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      minify: true,
      // The icon font travels inside the style sheet: the same page is an exported file, which has no neighbours.
      loader: { '.ttf': 'dataurl' },
    });
    notePackages('page', [metafile]);
  });
}

/** The parser and the grammars of the editor's language features, each package's one file of WebAssembly. */
const grammars = ['web-tree-sitter', 'tree-sitter-c', 'tree-sitter-cpp'];

function copyGrammars() {
  return replaceFolder(at('dist/tree'), (next) => {
    mkdirSync(next, { recursive: true });
    for (const name of grammars) cpSync(at('node_modules', name, `${name}.wasm`), `${next}/${name}.wasm`);
  });
}

try {
  await generate();
  await step({
    name: 'bundles',
    inputs: hashOf([...typescript, ...tools]),
    outputs: ['dist/extension.cjs', ...Object.keys(bundles).map((name) => `dist/${name}.js`)],
    work: bundle,
  });
  await step({
    name: 'page',
    inputs: hashOf([...page, ...typescript.filter((path) => path.startsWith('extension/core/')), ...tools]),
    outputs: ['view.js', 'view.css'].map((name) => `dist/webview/${name}`),
    work: bundlePage,
  });
  await step({
    name: 'grammars',
    inputs: hashOf(['package-lock.json', 'scripts/build.mjs']),
    outputs: grammars.map((name) => `dist/tree/${name}.wasm`),
    work: copyGrammars,
  });
  writeGenerated(
    'ThirdPartyNotices.txt',
    notices([...new Set([...rememberedPackages(['bundles', 'page']), ...grammars])].sort()),
    'what the extension holds of others',
  );
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
