/**
 * What a linter cannot say: how long a file and its lines may be, and words that must not be in it. Prints one line per
 * breach, `file:line: what`. Run by `npm run lint`.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { at, filesBelow } from './lib/project.mjs';

const question = 300;
const refusal = 500;
const columns = 120;

/** Files that may be longer, because they hold one table and nothing else. */
export const tables = new Map([
  ['extension/core/rules/catalogue.ts', 'one row per rule of kmcl-facts section 7'],
  ['extension/core/wdk/include/ntstatus.h', 'one row per status code'],
]);

/** `where` is a path's pattern; a line that `what` matches there is refused. */
const refusedWords = [
  { where: /./, what: /\b(TODO|FIXME|XXX)\b/, why: 'unfinished work belongs in an issue' },
  {
    where: /\.test\.tsx?$/,
    what: /\b(describe|it|test)\.(skip|only|todo|fails)\b/,
    why: 'every test runs and has to pass',
  },
  {
    where: /^extension\/core\/.*(?<!\.test)\.ts$/,
    what: /\bMath\.random\b|\bDate\.now\b|\bnew Date\b/,
    why: 'core is deterministic (docs/architecture.md, invariant 3)',
  },
  {
    where: /^extension\/.*\.ts$/,
    what: /(?<!await )\bimport\(['"]/,
    why: 'the linter does not see layers in import types: use an import statement',
  },
];

/**
 * @param {string} path
 * @param {string} text
 * @returns {{ refusals: string[], questions: string[] }}
 */
export function checkFile(path, text) {
  const lines = text.split('\n');
  const length = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  /** @type {string[]} */
  const refusals = [];
  const questions = [];
  if (!tables.has(path)) {
    if (length > refusal) refusals.push(`${path}:${length}: longer than ${refusal} lines`);
    else if (length > question) questions.push(`${path}:${length}: longer than ${question} lines`);
  }
  const wide = lines.flatMap((line, index) => (line.length > columns ? [index + 1] : []));
  if (wide.length > 0) questions.push(`${path}:${wide[0]}: ${wide.length} lines wider than ${columns} columns`);
  lines.forEach((line, index) => {
    for (const { where, what, why } of refusedWords) {
      const match = where.test(path) ? what.exec(line) : null;
      if (match) refusals.push(`${path}:${index + 1}: '${match[0]}': ${why}`);
    }
  });
  return { refusals, questions };
}

function main() {
  const folders = ['bench', 'bin', 'examples', 'extension', 'scripts', 'test', 'webview'];
  const files = folders.flatMap((folder) => filesBelow(folder, (path) => /\.([cm]?[jt]sx?|c|h|cpp|css)$/.test(path)));
  const results = files
    .filter((path) => path !== 'scripts/check-files.mjs')
    .map((path) => checkFile(path, readFileSync(at(path), 'utf8')));
  const refusals = results.flatMap((result) => result.refusals);
  const idle = [...tables.keys()].filter((path) => !files.includes(path));
  refusals.push(...idle.map((path) => `${path}: on the list of tables but not there`));
  for (const line of results.flatMap((result) => result.questions)) process.stdout.write(`question: ${line}\n`);
  for (const line of refusals) process.stdout.write(`refused: ${line}\n`);
  process.exitCode = refusals.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
