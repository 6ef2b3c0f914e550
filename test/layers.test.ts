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
  ['core/language', '../run/sourceNames.js', true],
  ['core/language', 'web-tree-sitter', false],
  ['core/scaffold', '../toolchain/structFacts.js', true],
  ['core/scaffold', '../kmcl/fieldKinds.js', true],
  ['core/scaffold', '../../worker/contextFacts.js', false],
  ['core/scaffold', 'node:fs', false],
  ['core/scaffold', 'vscode', false],
  ['core/run', '../kmcl/simulation.js', true],
  ['core/run', '../../../webview/page.js', false],
  ['core/run', 'node:path', false],
  ['worker', '../core/run/report.js', true],
  ['worker', 'node:worker_threads', true],
  ['worker', '../cli/main.js', false],
  ['worker', 'web-tree-sitter', true],
  ['worker', 'vscode', false],
  ['worker', '../debug/expressions/compile.js', true],
  ['worker', '../debug/session.js', false],
  ['debug', './session.js', true],
  ['debug', '../core/run/report.js', true],
  ['debug', '../worker/debugProtocol.js', true],
  ['debug', '@vscode/debugprotocol', true],
  ['debug', '../worker/debugClient.js', false],
  ['debug', '../features/runs.js', false],
  ['debug', '../cli/main.js', false],
  ['debug', 'node:path', false],
  ['debug', 'vscode', false],
  ['debug', '@vscode/debugadapter', false],
  ['debug/expressions', '../../core/toolchain/module.js', true],
  ['debug/expressions', './parser.js', true],
  ['debug/expressions', '../session.js', false],
  ['debug/expressions', '../../worker/debugProtocol.js', false],
  ['worker', '../debug/values/services.js', true],
  ['debug/values', '../expressions/compile.js', true],
  ['debug/values', '../../core/debug/view.js', true],
  ['debug/values', '../session.js', false],
  ['debug/values', '../../worker/debugProtocol.js', false],
  ['cli', '../debug/session.js', true],
  ['cli', '@vscode/debugadapter/lib/protocol.js', true],
  ['cli', '@vscode/debugprotocol', true],
  ['cli', '../worker/compile.js', true],
  ['cli', '../core/run/report.js', true],
  ['cli', '../../package.json', true],
  ['cli', 'node:fs', true],
  ['cli', '../../webview/page.js', false],
  ['cli', '../features/runs.js', false],
  ['cli', 'vscode', false],
  ['core/run', '../../features/runs.js', false],
  ['core/run', 'vscode', false],
  ['worker', '../features/runs.js', false],
  ['worker', '../../webview/protocol.js', false],
  ['features', './runs.js', true],
  ['features', '../core/run/report.js', true],
  ['features', '../worker/engineProtocol.js', true],
  ['features', '../debug/session.js', true],
  ['features', '../../webview/protocol.js', true],
  ['features', 'vscode', true],
  ['features', 'valibot', true],
  ['features', 'node:path', true],
  ['features', '../../webview/store.js', false],
  ['features', '../cli/options.js', false],
  ['features', '../main.js', false],
  ['features', 'preact', false],
  ['main.ts', './features/runs.js', true],
  ['main.ts', 'vscode', true],
  ['main.ts', './worker/engineClient.js', false],
  ['main.ts', './core/run/report.js', false],
  ['webview', './store.js', true],
  ['webview', '../extension/core/run/report.js', true],
  ['webview', 'preact', true],
  ['webview', 'preact/hooks', true],
  ['webview', '@preact/signals', true],
  ['webview', 'valibot', true],
  ['webview', '../extension/core/kmcl/simulation.js', false],
  ['webview', '../extension/worker/engineProtocol.js', false],
  ['webview', '../extension/features/runs.js', false],
  ['webview', '../scripts/lib/project.mjs', false],
  ['webview', 'node:fs', false],
  ['webview', 'vscode', false],
  ['webview/detail', '../store.js', true],
  ['webview/detail', '../../extension/core/run/report.js', true],
  ['webview/detail', '../../extension/core/rules/catalogue.js', false],
] as const;

/** A room of one file is named as that file. */
const fileOf = (room: string) => {
  const path = room.startsWith('webview') ? room : `extension/${room}`;
  return path.endsWith('.ts') ? path : `${path}/case.ts`;
};
const rooms = [...new Set(imports.map(([room]) => room))];
/** One import a line, in the order of the table. */
const targetsOf = (room: string): string[] => imports.flatMap(([from, target]) => (from === room ? [target] : []));

interface Diagnostic {
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

describe('the linter refuses an import that crosses layers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vsp-lab-layers-'));
  let refused: Set<string>;

  beforeAll(() => {
    for (const name of ['biome.json', '.gitignore']) cpSync(at(name), join(folder, name));
    for (const room of rooms) {
      const file = join(folder, fileOf(room));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(
        file,
        targetsOf(room)
          .map((target) => `export * from '${target}';\n`)
          .join(''),
      );
    }
    const biome = at('node_modules/@biomejs/biome/bin/biome');
    const options = ['lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none'];
    const { stdout } = spawnSync(process.execPath, [biome, ...options], { cwd: folder, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
    refused = new Set(
      diagnostics.map(({ location }) => `${location.path.replaceAll('\\', '/')}:${location.start.line}`),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(imports)('%s → %s: allowed %s', (room, target, allowed) => {
    const line = targetsOf(room).indexOf(target) + 1;
    expect(refused.has(`${fileOf(room)}:${line}`)).toBe(!allowed);
  });
});
