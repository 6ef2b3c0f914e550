/**
 * Files that are written by a program and committed all the same, because C and people have to read what TypeScript
 * says. Run by the build and by `npm run generate`; with CI set a stale file is an error instead, so that nobody commits
 * one without the other.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { ensureInstalled } from './ensure.mjs';
import { at, readIfThere, say } from './lib/project.mjs';

const catalogue = 'extension/core/rules/catalogue.ts';
const header = 'extension/core/wdk/runtime/rules.h';
const page = 'docs/rules.md';

/**
 * The C enumeration of the catalogue's rules: a rule's number is its index.
 * @param {readonly { id: string }[]} rules
 */
export function rulesHeader(rules) {
  const rows = rules.map(({ id }, index) => `    VSP_RULE_${id.toUpperCase().replaceAll('-', '_')} = ${index},\n`);
  return `/*
 * Generated from ${catalogue} by scripts/generate.mjs: do not edit.
 * A rule's number is its index in the catalogue.
 */
#pragma once

enum vsp_rule {
${rows.join('')}    VSP_RULE_COUNT = ${rules.length},
};
`;
}

/**
 * What the sources in TypeScript export, bundled and run in memory.
 * @param {string} contents a module of exports, paths relative to the root
 */
async function load(contents) {
  const { build } = await import('esbuild');
  const bundled = await build({
    absWorkingDir: at(),
    stdin: { contents, resolveDir: at(), loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript,${encodeURIComponent(bundled.outputFiles[0]?.text ?? '')}`);
}

/** Rewrites what is stale. */
export async function generate() {
  const { RULES, rulesPage } = await load(
    `export { RULES } from './${catalogue}'; export { rulesPage } from './extension/core/rules/page/markdown.ts';`,
  );
  const files = new Map([
    [header, rulesHeader(RULES)],
    [page, rulesPage()],
  ]);
  for (const [file, wanted] of files) writeGenerated(file, wanted, catalogue);
}

/**
 * Writes a generated file that is committed; in CI a stale one is an error.
 * @param {string} file relative to the root
 * @param {string} wanted
 * @param {string} source what it is generated from
 */
export function writeGenerated(file, wanted, source) {
  if (readIfThere(at(file)) === wanted) return;
  if (process.env['CI']) throw new Error(`${file} is not what ${source} says: run \`npm run build\` and commit it`);
  writeFileSync(at(file), wanted);
  say(`rewrote ${file}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  ensureInstalled();
  await generate();
}
