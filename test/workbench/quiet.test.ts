/** VS Code with the extension installed, for someone whose work has nothing to do with it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../scripts/vscode/workspace.mjs';
import { closeBrowser, Workbench } from './support/workbench.js';

afterAll(closeBrowser);

describe('a folder with none of our files', () => {
  it('sees no notification and nothing in the status bar', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src/main.c'), '#include <stdio.h>\nint main(void) { return puts("plain"); }\n');
    writeFileSync(join(folder, 'notes.md'), '# Notes\n');
    const workbench = await Workbench.open({ path: folder });
    await workbench.openFile('main.c');
    await workbench.screenshot('plain-folder');
    expect(await workbench.notifications()).toEqual([]);
    expect(await workbench.page.locator('.statusbar-item').filter({ hasText: 'VSP Lab' }).count()).toBe(0);
    await workbench.close();
  });
});
