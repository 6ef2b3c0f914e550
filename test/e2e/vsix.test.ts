/** What `npm run package` writes. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { packagesIn } from '../../scripts/lib/notices.mjs';
import { at, filesBelow } from '../../scripts/lib/project.mjs';
import { selfContained, vsix } from '../../scripts/lib/vsix.mjs';
import { readZip, type ZipEntry } from '../support/zip.js';

const MEGABYTE = 1e6;

/** Everything that may be in it; each line has to be there. */
const files = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/package\.json$/,
  /^extension\/package\.nls\.json$/,
  /^extension\/readme\.md$/,
  /^extension\/changelog\.md$/,
  /^extension\/LICENSE\.txt$/,
  /^extension\/ThirdPartyNotices\.txt$/,
  /^extension\/images\/icon\.png$/,
  /^extension\/images\/packet-buffers(-dark|-light)?\.svg$/,
  /^extension\/extension\/core\/run\/project\.schema\.json$/,
  /^extension\/snippets\/kmcl\.json$/,
  /^extension\/dist\/extension\.cjs$/,
  /^extension\/dist\/(adapter|engine|compile-worker|debug-worker|simulate-worker|language-worker)\.js$/,
  /^extension\/dist\/webview\/view\.(css|js)$/,
  /^extension\/dist\/tree\/(web-tree-sitter|tree-sitter-c|tree-sitter-cpp)\.wasm$/,
  /^extension\/dist\/wdk\/\w+(\.h)?$/,
  /^extension\/dist\/runtime\/runtime\.o$/,
  /^extension\/dist\/runtime\/manifest\.json$/,
  /^extension\/dist\/runtime\/clang\/\w+\.h$/,
  /^extension\/node_modules\/@yowasp\/clang\/package\.json$/,
  /^extension\/node_modules\/@yowasp\/clang\/gen\/llvm\.core\.wasm$/,
];

let entries: readonly ZipEntry[];
const text = (name: string) =>
  entries
    .find((entry) => entry.name === name)
    ?.read()
    .toString('utf8') ?? '';

beforeAll(() => {
  const result = spawnSync('npm', ['run', '-s', 'package'], {
    cwd: at(),
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  expect(result.status, result.stderr).toBe(0);
  expect(result.stdout).toMatch(new RegExp(`^${vsix.replaceAll('.', '\\.')} [\\d.]+ MB\\n$`));
  entries = readZip(at(vsix));
});

describe('the VSIX', () => {
  it('is at most 30 MB', () => {
    expect(statSync(at(vsix)).size).toBeLessThanOrEqual(30 * MEGABYTE);
  });

  it('holds nothing but what is listed here', () => {
    const names = entries.map(({ name }) => name).filter((name) => !name.endsWith('/'));
    expect(names.filter((name) => !files.some((pattern) => pattern.test(name)))).toEqual([]);
  });

  it.each(files)('%s is there', (pattern) => {
    expect(entries.filter(({ name }) => pattern.test(name)).length).toBeGreaterThan(0);
  });

  it('has every header of ours and every one of the compiler that the build kept', () => {
    const below = (folder: string) =>
      entries.flatMap(({ name }) => (name.startsWith(folder) ? [name.slice(folder.length)] : [])).sort();
    expect(below('extension/dist/wdk/')).toEqual(
      filesBelow('extension/core/wdk/include', () => true).map((path) =>
        path.replace('extension/core/wdk/include/', ''),
      ),
    );
    expect(below('extension/dist/runtime/clang/')).toEqual(readdirSync(at('dist/runtime/clang')).sort());
  });

  it('says the same as package.json about itself', () => {
    const { publisher, version } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as Record<string, string>;
    expect(text('extension.vsixmanifest')).toContain(`Id="vsp-lab" Version="${version}" Publisher="${publisher}"`);
    expect(text('extension/package.json')).toBe(readFileSync(at('package.json'), 'utf8'));
  });

  it('has an icon of at least 128 by 128 pixels', () => {
    const icon = entries.find(({ name }) => name === 'extension/images/icon.png')?.read() ?? Buffer.alloc(0);
    expect(icon.toString('latin1', 1, 4)).toBe('PNG');
    expect([icon.readUInt32BE(16), icon.readUInt32BE(20)].every((pixels) => pixels >= 128)).toBe(true);
  });

  it('has a page to read first whose pictures travel inside and whose links lead somewhere', () => {
    const page = text('extension/readme.md');
    expect(page).toMatch(/^# VSP Lab\n/);
    const targets = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target ?? '');
    expect(targets.filter((target) => !/^(https:|#|data:image\/png;base64,)/.test(target))).toEqual([]);
  });

  it('names the licence of the compiler, of the icons and of all that is bundled', () => {
    const notices = text('extension/ThirdPartyNotices.txt');
    for (const name of [
      'llvm.core.wasm',
      'LLVM',
      'wasi-libc',
      '@vscode/codicons',
      'preact',
      '@preact/signals-core',
      'tree-sitter-cpp',
    ]) {
      expect(notices).toMatch(new RegExp(`^ *\\d+\\. .*${name}`, 'm'));
    }
    for (const phrase of ['LLVM Exceptions', 'Rich Felker', 'Attribution 4.0 International', 'ISC License']) {
      expect(notices).toContain(phrase);
    }
  });
});

describe('what the package is made from', () => {
  it('packages are told from the bundler’s inputs, nested and scoped ones too, of shipped outputs only', () => {
    const input = { bytesInOutput: 1 };
    const output = { bytes: 1, imports: [], exports: [] };
    const metafile = {
      inputs: {
        'webview/view.css': { bytes: 1, imports: [{ kind: 'url-token' as const, path: 'node_modules/@d/font/a.ttf' }] },
      },
      outputs: {
        'dist/view.js': {
          ...output,
          inputs: {
            'webview/main.tsx': input,
            'webview/view.css': input,
            'node_modules/preact/dist/preact.mjs': input,
            'node_modules/a/node_modules/@b/c/index.js': input,
          },
        },
        'dist/cli.js': { ...output, inputs: { 'node_modules/other/index.js': input } },
      },
    };
    expect(packagesIn(metafile, (path) => path.endsWith('view.js'))).toEqual(['@b/c', '@d/font', 'preact']);
  });

  it('a page keeps its words when its links go', () => {
    expect(selfContained('See [the rules](docs/rules.md), [here](#a) and [there](https://example.org).', at())).toBe(
      'See the rules, [here](#a) and [there](https://example.org).',
    );
    expect(selfContained('![The icon](images/icon.png)', at())).toMatch(
      /^!\[The icon\]\(data:image\/png;base64,iVBORw0KGgo[\w+/=]+\)$/,
    );
  });
});
