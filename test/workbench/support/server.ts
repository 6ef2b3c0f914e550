/** One VS Code server with the packaged extension installed, for all tests of the workbench. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureBuilt } from '../../../scripts/ensure.mjs';
import { at } from '../../../scripts/lib/project.mjs';
import { ensurePackaged } from '../../../scripts/lib/vsix.mjs';
import { ensureChromium } from '../../../scripts/vscode/chromium.mjs';
import { installExtension, startServer } from '../../../scripts/vscode/server.mjs';
import { temporaryFolder } from '../../../scripts/vscode/workspace.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    readonly port: number;
    /** Where the network guard of the extension host writes what was asked for outside this machine. */
    readonly networkLog: string;
    /** Folder of the server's settings, state and logs. */
    readonly serverData: string;
  }
}

let stop: () => Promise<void>;

export async function setup(project: TestProject): Promise<void> {
  rmSync(at('out/logs'), { recursive: true, force: true });
  ensureBuilt();
  ensureChromium();
  const folder = temporaryFolder();
  const networkLog = join(folder, 'network.log');
  const options = {
    data: join(folder, 'server'),
    extensions: join(folder, 'extensions'),
    networkLog,
  };
  installExtension(ensurePackaged(), options);
  const server = await startServer(options);
  project.provide('port', server.port);
  project.provide('networkLog', networkLog);
  project.provide('serverData', options.data);
  stop = async () => {
    await server.stop();
    // What VS Code and the extension noted, for whoever has to find out why a test failed.
    cpSync(join(options.data, 'data/logs'), at('out/logs'), { recursive: true });
    rmSync(folder, { recursive: true, force: true });
  };
}

export async function teardown(): Promise<void> {
  await stop();
}
