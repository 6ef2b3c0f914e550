/** The README shows what the tool prints. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { at, projectNode } from '../../scripts/lib/project.mjs';

it("README's table is the output of the example it speaks of", () => {
  const shown = /```text\n([\s\S]*?)\n```/.exec(readFileSync(at('README.md'), 'utf8'))?.[1];
  const { stdout } = spawnSync(
    projectNode,
    [at('dist/cli.js'), 'run', 'examples/synthetic-nic', '--test', 'IndicationsInFlight*'],
    { cwd: at(), encoding: 'utf8' },
  );
  expect(shown).toBe(stdout.trimEnd());
});
