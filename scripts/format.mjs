/** `npm run format`: mends what the linter and the formatter can mend by themselves. */
import { ensureInstalled } from './ensure.mjs';
import { at, become, projectNode } from './lib/project.mjs';

ensureInstalled();
become(projectNode, [at('node_modules/@biomejs/biome/bin/biome'), 'check', '--write']);
