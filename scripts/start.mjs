/**
 * `npm start [-- FILES AND OPTIONS]`: runs the bundled example, or the given files, in the simulator and prints the
 * per-packet table.
 */
import { ensureOrExit } from './ensure.mjs';
import { at, become, callersFolder, projectNode } from './lib/project.mjs';

const example = 'examples/synthetic-nic';
const given = process.argv.slice(2);

ensureOrExit();
become(projectNode, [at('dist/cli.js'), 'run', ...(given.length > 0 ? given : [example])], {
  cwd: given.length > 0 ? callersFolder('start') : at(),
});
