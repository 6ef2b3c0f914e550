/**
 * Sources that are written by a program and committed all the same, because C has to read what TypeScript says. Run by
 * the build and by `npm run generate`; with CI set a stale file is an error instead, so that nobody commits one without
 * the other.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { ensureInstalled } from './ensure.mjs';
import { at, readIfThere, say } from './lib/project.mjs';

const catalogue = 'extension/core/rules/catalogue.ts';
const header = 'extension/core/wdk/runtime/rules.h';

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

/** Rewrites what is stale. */
export async function generate() {
  const { build } = await import('esbuild');
  const bundled = await build({
    absWorkingDir: at(),
    entryPoints: [catalogue],
    bundle: true,
    format: 'esm',
    write: false,
  });
  const code = bundled.outputFiles[0]?.text ?? '';
  const { RULES } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const wanted = rulesHeader(RULES);
  if (readIfThere(at(header)) === wanted) return;
  if (process.env['CI'])
    throw new Error(`${header} is not what ${catalogue} says: run \`npm run generate\` and commit it`);
  writeFileSync(at(header), wanted);
  say(`rewrote ${header}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  ensureInstalled();
  await generate();
}
