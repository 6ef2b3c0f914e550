/** The product's version, as its package says it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { productFolder } from '../worker/toolchainFiles.js';

export function productVersion(): string {
  return (JSON.parse(readFileSync(join(productFolder(), 'package.json'), 'utf8')) as { version: string }).version;
}
