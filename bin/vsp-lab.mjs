#!/usr/bin/env node
/** The installed command. It says what it needs before anything that older Nodes cannot read is loaded. */
import { existsSync } from 'node:fs';

// An empty module with one 64-bit table and one 64-bit memory: Node 20 and 22 refuse it, whatever their flags.
const probe = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 4, 4, 1, 112, 4, 0, 5, 3, 1, 4, 0);
const cli = new URL('../dist/cli.js', import.meta.url);

if (Number.parseInt(process.versions.node, 10) < 24 || !WebAssembly.validate(probe)) {
  process.stderr.write(
    `vsp-lab needs Node.js 24 or newer (64-bit WebAssembly memory); this is Node.js ${process.versions.node}.\n`,
  );
  process.exitCode = 2;
} else if (!existsSync(cli)) {
  process.stderr.write(
    'vsp-lab is not built yet: in its checkout run `npm run build`, or use `npm run -s vsp-lab -- ...`.\n',
  );
  process.exitCode = 2;
} else {
  await import(cli.href);
}
