/** The extension as one file, `dist/vsp-lab-VERSION.vsix`; what is in it stands in .vscodeignore. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { at, filesBelow, hashOf, locked, projectNode, readIfThere } from './project.mjs';

const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));

/** Relative to the root. */
export const vsix = `dist/vsp-lab-${version}.vsix`;

/** What a user of the extension reads first; its pictures are made by the tests. */
const readme = 'README.md';
const packagedReadme = 'dist/README.md';

const stamp = at('dist/.packaged');

/**
 * The page as it can be read inside VS Code, offline: pictures travel inside, and what a link to a file of the
 * repository says stays, without the link.
 * @param {string} text
 * @param {string} folder the page's, absolute
 */
export function selfContained(text, folder) {
  const withPictures = text.replace(/!\[([^\]]*)\]\((?!https:|data:)([^)]+)\)/g, (_match, alt, path) => {
    const bytes = readFileSync(join(folder, path)).toString('base64');
    return `![${alt}](data:image/${extname(path).slice(1)};base64,${bytes})`;
  });
  return withPictures.replace(/(?<!!)\[([^\]]+)\]\((?!https:|#)[^)]+\)/g, '$1');
}

/**
 * Packages what is built, unless the package is of that very build. Throws with one clear line when it cannot.
 * @returns {string} the file, absolute
 */
export function ensurePackaged() {
  const inputs = [
    '.vscodeignore',
    'package-lock.json',
    'package.json',
    'LICENSE',
    'CHANGELOG.md',
    'package.nls.json',
    readme,
  ];
  const folders = ['docs', 'images'].flatMap((folder) => filesBelow(folder, () => true));
  const wanted = hashOf([...inputs, ...folders, 'dist/.built', 'scripts/lib/vsix.mjs']);
  const isPackaged = () => readIfThere(stamp) === wanted && statSync(at(vsix), { throwIfNoEntry: false }) !== undefined;
  if (!isPackaged()) {
    locked('package', () => {
      if (isPackaged()) return;
      pack();
      writeFileSync(stamp, wanted);
    });
  }
  return at(vsix);
}

function pack() {
  mkdirSync(at('dist'), { recursive: true });
  writeFileSync(at(packagedReadme), selfContained(readFileSync(at(readme), 'utf8'), dirname(at(readme))));
  const next = at('dist/next.vsix');
  const result = spawnSync(
    projectNode,
    [
      at('node_modules/@vscode/vsce/vsce'),
      'package',
      ...['--out', next, '--readme-path', packagedReadme],
      // Links that lead outside the package are gone already, and where the sources lie is not the package's matter.
      ...['--no-rewrite-relative-links', '--allow-missing-repository'],
    ],
    { cwd: at(), encoding: 'utf8' },
  );
  if (result.status !== 0) throw new Error(`vsce could not package the extension: ${result.stdout}${result.stderr}`);
  renameSync(next, at(vsix));
}
