/** `npm run bench [-- NAME...]`: one line per figure on stdout, nothing else (the form is that of bench/figures.ts). */
import { ensureOrExit } from './ensure.mjs';
import { at, become, projectNode } from './lib/project.mjs';

ensureOrExit();
become(projectNode, ['--expose-gc', at('dist/bench/bench.js'), ...process.argv.slice(2)]);
