import * as assert from 'node:assert/strict';
import { ConfigurationTarget, commands, DiagnosticSeverity, Uri, window, workspace } from 'vscode';
import {
  api,
  countNotifications,
  file,
  folder,
  lenses,
  lensLike,
  lensLines,
  open,
  ours,
  replace,
  until,
} from './support/acts.js';
import { endlessDriver, smallDriver, wrongDriver } from './support/drivers.js';

const MEASURED = /^Run \| Debug \| \d[\d,]* packets? · /;
const write = (uri: Uri, text: string) => workspace.fs.writeFile(uri, new TextEncoder().encode(text));

/** A driver of its own in a folder of the workspace, gone afterwards. */
async function withDriver(text: string, work: (source: Uri) => Promise<void>): Promise<void> {
  const below = file('synthetic-nic', `scratch-${Math.random().toString(36).slice(2)}`);
  const source = Uri.joinPath(below, 'Small.c');
  await write(source, text);
  try {
    await work(source);
  } finally {
    await commands.executeCommand('workbench.action.closeActiveEditor');
    await workspace.fs.delete(below, { recursive: true });
  }
}

describe('runs', () => {
  it('of the whole workspace run the drivers of every folder', async () => {
    await commands.executeCommand('vspLab.runWorkspace');
    for (const [name, path] of [
      ['synthetic-nic', 'NicIndication.c'],
      ['storage-bus', 'StorageBus.cpp'],
      ['synthetic-video', 'VideoFeatures.c'],
    ] as const) {
      const uri = file(name, path);
      await open(uri);
      await lensLike(uri, MEASURED);
    }
  });

  it('follow a save of what has run once, and of nothing else', async () => {
    await withDriver(smallDriver(16), async (source) => {
      const { metrics: before } = await api();
      const document = await open(source);
      await lensLike(source, /^Run \| Debug$/);
      await replace(document, 'BYTES 16', 'BYTES  16');
      await document.save();
      assert.deepEqual(await lensLines(source), ['Run | Debug', 'Run | Debug']);
      await commands.executeCommand('vspLab.runFile', source);
      await lensLike(source, /8 packets · 16 B$/);
      await replace(document, 'BYTES  16', 'BYTES 24');
      await document.save();
      await lensLike(source, /8 packets · 24 B$/);
      const { metrics } = await api();
      assert.ok(metrics.saveToReport.length > before.saveToReport.length);
    });
  });

  it('never follow a save when the setting says so', async () => {
    await withDriver(smallDriver(16), async (source) => {
      const settings = workspace.getConfiguration('vspLab', source);
      await settings.update('runOnSave', 'never', ConfigurationTarget.Workspace);
      try {
        const document = await open(source);
        await commands.executeCommand('vspLab.runFile', source);
        await lensLike(source, MEASURED);
        await replace(document, 'BYTES 16', 'BYTES 24');
        await document.save();
        await lensLike(source, /16 B · edited$/);
      } finally {
        await settings.update('runOnSave', undefined, ConfigurationTarget.Workspace);
      }
    });
  });

  it('leave what is opened and changed after them marked as edited, once it is saved too', async () => {
    await withDriver(smallDriver(16), async (source) => {
      const settings = workspace.getConfiguration('vspLab', source);
      await settings.update('runOnSave', 'never', ConfigurationTarget.Workspace);
      const watcher = workspace.createFileSystemWatcher('**/*.c');
      try {
        await commands.executeCommand('vspLab.runFile', source);
        const document = await open(source);
        await lensLike(source, MEASURED);
        await replace(document, 'BYTES 16', 'BYTES 24');
        const written = new Promise((resolve) => watcher.onDidChange(resolve));
        await document.save();
        await written;
        await lensLike(source, /16 B · edited$/);
      } finally {
        watcher.dispose();
        await settings.update('runOnSave', undefined, ConfigurationTarget.Workspace);
      }
    });
  });

  it('speak of the project file they were made with, and follow it', async () => {
    const text = smallDriver(16).replace('#define BYTES 16', '#ifndef BYTES\n#define BYTES 16\n#endif');
    await withDriver(text, async (source) => {
      const project = Uri.joinPath(source, '..', 'vsplab.json');
      await open(source);
      await commands.executeCommand('vspLab.runFile', source);
      await lensLike(source, /8 packets · 16 B$/);
      await write(project, '{ "defines": ["BYTES=24"] }');
      await lensLike(source, /16 B · edited$/);
      await commands.executeCommand('vspLab.runFile', source);
      await lensLike(source, /8 packets · 24 B$/);
      const document = await open(project);
      await replace(document, 'BYTES=24', 'BYTES=32');
      await lensLike(source, /24 B · edited$/);
      await document.save();
      await lensLike(source, /8 packets · 32 B$/);
    });
  });

  it('of the same driver: the newer one is what is shown', async () => {
    await withDriver(smallDriver(16), async (source) => {
      const document = await open(source);
      const first = commands.executeCommand('vspLab.runFile', source);
      await replace(document, 'BYTES 16', 'BYTES 32');
      const second = commands.executeCommand('vspLab.runFile', source);
      await Promise.all([first, second]);
      await lensLike(source, /· 32 B$/);
      await document.save();
    });
  });

  it('stop within a second when they are cancelled', async () => {
    await withDriver(endlessDriver(16), async (source) => {
      const settings = workspace.getConfiguration('vspLab');
      await settings.update('timeout', 600_000, ConfigurationTarget.Workspace);
      try {
        await open(source);
        const run = commands.executeCommand('vspLab.runFile', source);
        await lensLike(source, /^Running…$/);
        const asked = performance.now();
        await commands.executeCommand('vspLab.cancelRun');
        await run;
        const took = performance.now() - asked;
        assert.ok(took < 1500, `took ${took} ms`);
        await lensLike(source, /^Run \| Debug$/);
      } finally {
        await settings.update('timeout', undefined, ConfigurationTarget.Workspace);
      }
    });
  });

  it('use the settings of their folder', async () => {
    await withDriver(smallDriver(16), async (source) => {
      const settings = workspace.getConfiguration('vspLab', folder('synthetic-nic'));
      await settings.update('packets', 3, ConfigurationTarget.WorkspaceFolder);
      try {
        await open(source);
        await commands.executeCommand('vspLab.runFile', source);
        await lensLike(source, /^Run \| Debug \| 3 packets · 16 B/);
      } finally {
        await settings.update('packets', undefined, ConfigurationTarget.WorkspaceFolder);
      }
    });
  });
});

describe('severities of the settings', () => {
  it('make an error a remark, or nothing at all', async () => {
    await withDriver(wrongDriver(16), async (source) => {
      const rulesOf = () => ours(source).map(({ code }) => (typeof code === 'object' ? String(code.value) : ''));
      await open(source);
      await commands.executeCommand('vspLab.runFile', source);
      const [rule = ''] = await until('a finding', () => (rulesOf().length > 0 ? rulesOf() : undefined));
      const settings = workspace.getConfiguration('vspLab', source);
      try {
        await settings.update('rules', { [rule]: 'info' }, ConfigurationTarget.Workspace);
        await commands.executeCommand('vspLab.runFile', source);
        await until('a remark', () =>
          ours(source).some(
            ({ severity }, index) => rulesOf()[index] === rule && severity === DiagnosticSeverity.Information,
          ),
        );
        await settings.update('rules', { [rule]: 'off' }, ConfigurationTarget.Workspace);
        await commands.executeCommand('vspLab.runFile', source);
        await until('no finding of that rule', () => !rulesOf().includes(rule));
      } finally {
        await settings.update('rules', undefined, ConfigurationTarget.Workspace);
      }
    });
  });
});

describe('what cannot be run', () => {
  it('is said once, to whoever asked', async () => {
    await withDriver('int main(void) { return 0; }\n', async (source) => {
      const notifications = countNotifications();
      try {
        await commands.executeCommand('vspLab.runFile', source);
        assert.equal(notifications.count() + ours(source).length, 1);
      } finally {
        notifications.dispose();
      }
    });
  });

  it('is not said to anybody who only saved', async () => {
    await withDriver(smallDriver(16), async (source) => {
      const notifications = countNotifications();
      try {
        const document = await open(source);
        await commands.executeCommand('vspLab.runFile', source);
        await lensLike(source, MEASURED);
        await replace(document, '*Needed = BYTES;', 'does not compile');
        await document.save();
        await lensLike(source, /does not compile$/);
        assert.ok(ours(source).length > 0);
        assert.equal(notifications.count(), 0);
      } finally {
        notifications.dispose();
      }
    });
  });

  it('is a file that is gone: its figures and problems go too', async () => {
    await withDriver(wrongDriver(16), async (source) => {
      const notifications = countNotifications();
      try {
        await open(source);
        await commands.executeCommand('vspLab.runFile', source);
        await until('a finding', () => ours(source).length > 0);
        await commands.executeCommand('workbench.action.closeActiveEditor');
        const run = commands.executeCommand('vspLab.runFile', source);
        await workspace.fs.delete(source);
        await run;
        await until('no problem of a file that is gone', () => ours(source).length === 0);
        assert.ok(notifications.count() <= 1);
      } finally {
        notifications.dispose();
      }
    });
  });

  it('leaves files alone that name neither KMCL nor a test', async () => {
    await withDriver('int main(void) { return 0; }\n', async (source) => {
      await open(source);
      assert.deepEqual(await lenses(source), []);
      assert.equal(window.activeTextEditor?.document.uri.toString(), source.toString());
    });
  });
});
