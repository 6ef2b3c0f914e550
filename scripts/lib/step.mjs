/**
 * Steps of a build that are skipped while their inputs are the ones of the last success and their outputs are there.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { at, readIfThere } from './project.mjs';

/**
 * @param {{ name: string, inputs: string, outputs: string[], work: () => void | Promise<void> }} step `inputs` is a
 *   hash of all that decides the outcome; `outputs` are paths relative to the root.
 */
export async function step({ name, inputs, outputs, work }) {
  const stamp = at('dist/.steps', name);
  if (readIfThere(stamp) === inputs && outputs.every((path) => existsSync(at(path)))) return;
  rmSync(stamp, { force: true });
  await work();
  const absent = outputs.filter((path) => !existsSync(at(path)));
  if (absent.length > 0) throw new Error(`build step ${name} did not write ${absent.join(', ')}`);
  mkdirSync(at('dist/.steps'), { recursive: true });
  writeFileSync(stamp, inputs);
}
