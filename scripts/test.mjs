/**
 * `npm test [-- TIER...]`: installs, builds and runs every tier, or the named ones, and ends with `N passed, N failed`
 * over all of them. `npm run lint` and `npm run check` are the tiers that only read. Exit status 1 when anything
 * failed.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { ensureBuilt, ensureInstalled } from './ensure.mjs';
import { at, filesBelow, projectNode, readIfThere, run, say } from './lib/project.mjs';
import { tally } from './lib/tally.mjs';

/** @typedef {import('./lib/tally.mjs').Counts} Counts */

/** Test files that a tier has run, relative to the root. @type {Set<string>} */
const ranFiles = new Set();

/** @type {{ name: string, fix: string, run: () => Counts }[]} */
const tiers = [
  {
    name: 'build',
    fix: 'npm run build',
    run: () => attempt(ensureBuilt),
  },
  {
    name: 'lint',
    fix: 'npm run format mends what can be mended',
    run: () => tool('node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings']),
  },
  {
    name: 'files',
    fix: 'docs/architecture.md says what a file may be',
    run: () => tool('scripts/check-files.mjs', []),
  },
  {
    name: 'types-core',
    fix: 'core has neither Node nor DOM types: docs/architecture.md, invariant 1',
    run: () => tool('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.core.json']),
  },
  {
    name: 'types-debug',
    fix: 'debug has neither Node nor DOM types: docs/architecture.md, Rooms',
    run: () => tool('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.debug.json']),
  },
  {
    name: 'types-node',
    fix: 'npm run check runs this tier alone',
    run: () => tool('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.node.json']),
  },
  {
    name: 'types-extension',
    fix: 'extension/main.ts and extension/features see VS Code and Node, no DOM',
    run: () => tool('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.extension.json']),
  },
  {
    name: 'types-webview',
    fix: 'webview sees the DOM, neither Node nor VS Code',
    run: () => tool('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.webview.json']),
  },
  {
    name: 'types-tests',
    fix: 'tsconfig.tests.json: tests of the page and tests inside VS Code',
    run: () => tool('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.tests.json']),
  },
  {
    name: 'unit',
    fix: 'npm test -- unit runs this tier alone',
    run: () => vitest('unit', 'vitest.config.ts'),
  },
  {
    name: 'e2e',
    fix: 'npm test -- build e2e runs this tier alone',
    run: () => vitest('e2e', 'vitest.e2e.config.ts'),
  },
  {
    name: 'view',
    fix: 'npm test -- build view runs this tier alone',
    run: () => vitest('view', 'vitest.view.config.ts'),
  },
  {
    name: 'vscode',
    fix: 'npm test -- build vscode runs this tier alone; out/screenshots shows where it stood',
    run: () => reported('vscode', 'scripts/vscode/hostTests.mjs', (output) => [output]),
  },
  {
    name: 'workbench',
    fix: 'npm test -- build workbench runs this tier alone; out/screenshots shows what was on screen',
    run: () => vitest('workbench', 'vitest.workbench.config.ts'),
  },
];

/** @param {() => void} work @returns {Counts} */
function attempt(work) {
  try {
    work();
    return { passed: 1, failed: 0 };
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return { passed: 0, failed: 1 };
  }
}

/** @param {string} script @param {string[]} parameters @returns {Counts} */
function tool(script, parameters) {
  return run(projectNode, [at(script), ...parameters]) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** @param {string} name @param {string} config @returns {Counts} */
function vitest(name, config) {
  return reported(name, 'node_modules/vitest/vitest.mjs', (output) => [
    ...['run', '--config', config, '--update=none'],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${output}`],
  ]);
}

/**
 * Runs what writes a report of vitest's form, and counts that.
 * @param {string} name
 * @param {string} script
 * @param {(output: string) => string[]} parameters
 * @returns {Counts}
 */
function reported(name, script, parameters) {
  const output = at('.cache', `${name}.json`);
  mkdirSync(at('.cache'), { recursive: true });
  rmSync(output, { force: true });
  const status = run(projectNode, [at(script), ...parameters(output)]);
  const { counts, files } = tally(readIfThere(output), status);
  for (const file of files) ranFiles.add(relative(at(), file).split(sep).join('/'));
  return counts;
}

/** Every test file in the tree was run by a tier: none can be silently absent. @returns {Counts} */
function completeness() {
  const folders = ['bench', 'bin', 'docs', 'examples', 'extension', 'scripts', 'test', 'webview'];
  const found = folders.flatMap((folder) => filesBelow(folder, (path) => /\.(test|spec)\.[cm]?[jt]sx?$/.test(path)));
  const absent = found.filter((file) => !ranFiles.has(file));
  for (const file of absent) say(`no tier ran ${file}`);
  return absent.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !tiers.some((tier) => tier.name === name));
if (unknown.length > 0) {
  say(`no tier named ${unknown.join(', ')}; there are: ${tiers.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const chosen = names.length > 0 ? tiers.filter(({ name }) => names.includes(name)) : tiers;
if (names.length === 0) {
  chosen.push({
    name: 'every test ran',
    fix: 'vitest*.config.ts and scripts/vscode/bundleTests.mjs say where tests lie',
    run: completeness,
  });
}

const total = attempt(ensureInstalled);
if (total.failed === 0) {
  for (const tier of chosen) {
    process.stdout.write(`\n── ${tier.name}\n`);
    const { passed, failed } = tier.run();
    const fix = failed > 0 ? ` (${tier.fix})` : '';
    process.stdout.write(`── ${tier.name}: ${passed} passed, ${failed} failed${fix}\n`);
    total.passed += passed;
    total.failed += failed;
  }
}
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
