import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../scripts/lib/project.mjs';

/** One import per row of the table in docs/architecture.md, "Rooms": who imports what, and whether it may. */
const imports = [
  ['core/base', './other.js', true],
  ['core/base', '../kmcl/simulation.js', false],
  ['core/base', 'node:fs', false],
  ['core/toolchain', '../base/host.js', true],
  ['core/toolchain', './passes/lexer.js', true],
  ['core/toolchain', '../../worker/compile.js', false],
  ['core/toolchain', '../../cli/main.js', false],
  ['core/toolchain', 'node:crypto', false],
  ['core/toolchain', '@yowasp/clang', false],
  ['core/toolchain/passes', '../../base/host.js', true],
  ['core/toolchain/passes', '../../../worker/compile.js', false],
  ['core/toolchain/passes', 'vscode', false],
  ['core/kmcl', '../base/host.js', true],
  ['core/kmcl', '../toolchain/module.js', true],
  ['core/kmcl', '../toolchain/llvm.js', false],
  ['core/kmcl', '../run/report.js', false],
  ['core/kmcl', '../rules/catalogue.js', false],
  ['core/rules', '../run/report.js', true],
  ['core/rules', '../../cli/main.js', false],
  ['core/run', '../kmcl/simulation.js', true],
  ['core/run', '../../../webview/page.js', false],
  ['core/run', 'node:path', false],
  ['worker', '../core/run/report.js', true],
  ['worker', 'node:worker_threads', true],
  ['worker', '../cli/main.js', false],
  ['worker', 'vscode', false],
  ['cli', '../worker/compile.js', true],
  ['cli', '../core/run/report.js', true],
  ['cli', '../../package.json', true],
  ['cli', 'node:fs', true],
  ['cli', '../../webview/page.js', false],
  ['cli', 'vscode', false],
] as const;

const fileOf = (room: string, index: number) => `extension/${room}/case${index}.ts`;

describe('the linter refuses an import that crosses layers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vsp-lab-layers-'));
  let refused: Set<string>;

  beforeAll(() => {
    for (const name of ['biome.json', '.gitignore']) cpSync(at(name), join(folder, name));
    imports.forEach(([room, target], index) => {
      const file = join(folder, fileOf(room, index));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `import { thing } from '${target}';\n\nexport const mine = thing;\n`);
    });
    const biome = at('node_modules/@biomejs/biome/bin/biome');
    const options = ['lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none'];
    const { stdout } = spawnSync(process.execPath, [biome, ...options], { cwd: folder, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { path: string } }[] };
    refused = new Set(diagnostics.map(({ location }) => location.path.replaceAll('\\', '/')));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(imports.map((row, index) => [...row, index] as const))(
    '%s → %s: allowed %s',
    (room, _target, allowed, index) => {
      expect(refused.has(fileOf(room, index))).toBe(!allowed);
    },
  );
});
