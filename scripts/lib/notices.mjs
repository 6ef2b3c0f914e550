/**
 * ThirdPartyNotices.txt: what others have written of all that the VSIX holds, each with its licence in full. Packages
 * come from what the bundler took in; what arrives as a file of its own is listed here.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { at } from './project.mjs';

/** @typedef {{ name: string, version: string, licence: string, from: string, text: string }} Component */

/** The compiler's package ships no licence texts and one file made of several works. */
const compiler = '@yowasp/clang';

/**
 * Names of the packages that a bundle took code or files from.
 * @param {import('esbuild').Metafile} metafile
 * @param {(output: string) => boolean} ships whether an output, by its path, is part of the VSIX
 */
export function packagesIn(metafile, ships) {
  const direct = Object.entries(metafile.outputs).flatMap(([path, output]) =>
    ships(path) ? Object.keys(output.inputs) : [],
  );
  // What a style sheet takes in by url() is not among its output's inputs.
  const taken = direct.flatMap((path) =>
    (metafile.inputs[path]?.imports ?? []).flatMap(({ kind, path: target }) => (kind === 'url-token' ? [target] : [])),
  );
  const inputs = [...direct, ...taken];
  const names = inputs.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/**
 * @param {string} name
 * @returns {{ version: string, license: string, repository?: string | { url: string }, homepage?: string }}
 */
const manifestOf = (name) => JSON.parse(readFileSync(at('node_modules', name, 'package.json'), 'utf8'));

/** @param {string} name @returns {Component} */
function packageComponent(name) {
  const { version, license, repository, homepage } = manifestOf(name);
  const folder = at('node_modules', name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry));
  if (file === undefined) throw new Error(`${name} is part of the extension and has no licence file`);
  const address = homepage ?? (typeof repository === 'string' ? repository : repository?.url) ?? '';
  return { name, version, licence: license, from: address, text: readFileSync(at('node_modules', name, file), 'utf8') };
}

/** @returns {Component[]} */
function compilerComponents() {
  const { version } = manifestOf(compiler);
  /** @param {string} file */
  const text = (file) => readFileSync(at('licences', file), 'utf8');
  return [
    {
      name: `${compiler} (llvm.core.wasm)`,
      version,
      licence: 'ISC',
      from: 'https://github.com/YoWASP/clang',
      text: text('yowasp-clang.txt'),
    },
    {
      name: 'LLVM, Clang and LLD (in llvm.core.wasm), headers of Clang (in dist/runtime/clang)',
      version: version.replace(/\..*/, ''),
      licence: 'Apache-2.0 WITH LLVM-exception',
      from: 'https://llvm.org',
      text: text('llvm.txt'),
    },
    {
      name: 'wasi-libc (in llvm.core.wasm)',
      version: '',
      licence: 'MIT, BSD-2-Clause, CC0-1.0',
      from: 'https://github.com/WebAssembly/wasi-libc',
      text: text('wasi-libc.txt'),
    },
  ];
}

const line = '='.repeat(80);

/**
 * @param {readonly string[]} packages
 * @returns {string}
 */
export function notices(packages) {
  const components = [...compilerComponents(), ...packages.map(packageComponent)];
  const list = components.map(({ name, version, licence }, index) => {
    return `${String(index + 1).padStart(2)}. ${[name, version].filter(Boolean).join(' ')} (${licence})`;
  });
  const texts = components.map(({ name, from, text }, index) => {
    const body = text
      .replace(/^\uFEFF/, '')
      .replaceAll('\r\n', '\n')
      .replace(/[ \t]+$/gm, '')
      .trim();
    return `${line}\n${index + 1}. ${name}\n${from.replace(/^git\+/, '')}\n${line}\n\n${body}\n`;
  });
  const opening = 'The VSP Lab extension contains work of others under the licences below.';
  return `THIRD-PARTY NOTICES\n\n${opening}\n\n${list.join('\n')}\n\n${texts.join('\n')}`;
}

/** Remembers which packages a bundle holds, for a build that finds that bundle up to date. */
export const packagesFile = (/** @type {string} */ bundle) => at('dist/.steps', `${bundle}.packages.json`);

/** @param {string[]} bundles @returns {string[]} */
export function rememberedPackages(bundles) {
  const lists = bundles.map((bundle) =>
    existsSync(packagesFile(bundle)) ? JSON.parse(readFileSync(packagesFile(bundle), 'utf8')) : [],
  );
  return [...new Set(lists.flat())].sort();
}
