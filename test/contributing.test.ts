import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { at } from '../scripts/lib/project.mjs';

/** Every `npm …` and `npx …` that the page prints, in code spans and code blocks. */
function printedCommands(page: string): string[] {
  const text = readFileSync(at(page), 'utf8');
  const spans = [...text.matchAll(/`(np[mx] [^`\n]+)`/g)].map(([, command]) => command ?? '');
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].flatMap(([, language, block]) =>
    language === '' ? (block ?? '').trim().split('\n') : [],
  );
  return [...new Set([...spans, ...blocks])].sort();
}

/** The script that an npm command runs; empty for npx. */
const scriptOf = (command: string) => /^npm (?:run (?:-s )?)?([\w:-]+)/.exec(command)?.[1] ?? '';

/**
 * How each printed command is kept true. `runs` is executed here and has to end with that status; `tier` is what this
 * very run of `npm test` consists of; `elsewhere` names the test that runs it.
 */
const commands: Record<
  string,
  { readonly runs: number; readonly prints?: RegExp } | { readonly tier: true } | { readonly elsewhere: string }
> = {
  'npm start': { elsewhere: 'test/e2e/start.test.ts' },
  'npm start -- path/to/driver.c': { elsewhere: 'test/e2e/start.test.ts' },
  'npm test': { tier: true },
  'npm test -- unit': { tier: true },
  'npm run lint': { tier: true },
  'npm run check': { tier: true },
  'npm run format': { elsewhere: 'test/scripts.test.ts' },
  'npm run build': { runs: 0 },
  'npm run generate': { runs: 0 },
  'npm run bench': { elsewhere: 'test/scripts.test.ts' },
  'npm run bench -- NAME': { elsewhere: 'test/scripts.test.ts' },
  'npm run bench -- NAME...': { elsewhere: 'test/scripts.test.ts' },
  'npm run package': { elsewhere: 'test/e2e/vsix.test.ts' },
  'npm run vscode': { elsewhere: 'test/workbench/vscodeScript.test.ts' },
  'npm run test:desktop': { elsewhere: 'test/e2e/desktop.test.ts' },
  'npm run -s vsp-lab -- ...': { elsewhere: 'test/e2e/start.test.ts' },
  'npm run -s vsp-lab -- --help': { runs: 0, prints: /^Usage: vsp-lab/im },
  'npm run -s vsp-lab -- run --help': { runs: 0, prints: /--packets/ },
  'npm run -s vsp-lab -- run path/to/driver.c': { elsewhere: 'test/e2e/start.test.ts' },
  'npm run -s vsp-lab -- run examples --format json --out report.json': { elsewhere: 'test/e2e/start.test.ts' },
  'npm run -s vsp-lab -- scaffold --file path/to/driver.c --context NIC_RX_CONTEXT': {
    elsewhere: 'test/e2e/scaffoldCli.test.ts',
  },
  'npx vitest run extension/core/rules/catalogue.test.ts': { runs: 0, prints: /1 passed/ },
};

const printed = [...new Set(['README.md', 'CONTRIBUTING.md'].flatMap(printedCommands))].sort();

describe('the commands that README.md and CONTRIBUTING.md print', () => {
  it('are all kept true by a test, and no other is listed here', () => {
    expect(Object.keys(commands).sort()).toEqual(printed);
  });

  it('name scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as { scripts: Record<string, string> };
    expect(printed.map(scriptOf).filter((name) => name !== '' && !(name in scripts))).toEqual([]);
  });

  const executed = Object.entries(commands).flatMap(([command, how]) => ('runs' in how ? [{ command, ...how }] : []));
  it.each(executed)('$command', ({ command, runs, prints }) => {
    const result = spawnSync(command, {
      cwd: at(),
      encoding: 'utf8',
      shell: true,
      env: { ...process.env, CI: '1', NO_COLOR: '1' },
    });
    expect(result.stderr + result.stdout).not.toMatch(/npm error/);
    expect(result.status).toBe(runs);
    if (prints !== undefined) expect(result.stdout).toMatch(prints);
  });

  const elsewhere = Object.entries(commands).flatMap(([command, how]) =>
    'elsewhere' in how ? [[command, how.elsewhere] as const] : [],
  );
  it.each(elsewhere)('%s is run in %s', (command, file) => {
    expect(readFileSync(at(file), 'utf8')).toContain(`'${scriptOf(command)}'`);
  });
});
