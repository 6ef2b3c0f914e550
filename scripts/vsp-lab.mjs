/**
 * `npm run -s vsp-lab -- ...`: the command line, installed and built on first use. Nothing but its own output reaches
 * stdout.
 */
import { ensureOrExit } from './ensure.mjs';
import { at, become, callersFolder, projectNode } from './lib/project.mjs';

ensureOrExit();
become(projectNode, [at('dist/cli.js'), ...process.argv.slice(2)], { cwd: callersFolder('vsp-lab') });
