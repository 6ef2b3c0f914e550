/** Writes a source and the tests beside it: both files or none. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { CommandError } from './host.js';

export interface ChangedFile {
  readonly path: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** What somebody else has written since `before` was read stays. Throws CommandError; `shown` is what messages say. */
export function writeBoth(source: ChangedFile, fixture: NewFile | undefined, shown: (path: string) => string): void {
  if (Buffer.compare(readFileSync(source.path), source.before) !== 0) {
    throw new CommandError(`${shown(source.path)} was changed meanwhile; nothing is written: try again`);
  }
  if (fixture !== undefined) {
    try {
      writeFileSync(fixture.path, fixture.text, { flag: 'wx' });
    } catch (error) {
      throw new CommandError(`${shown(fixture.path)} cannot be written (${reason(error)}); nothing is written`);
    }
  }
  try {
    writeFileSync(source.path, source.after);
  } catch (error) {
    if (fixture !== undefined) rmSync(fixture.path, { force: true });
    throw new CommandError(`${shown(source.path)} cannot be written (${reason(error)}); nothing is written`);
  }
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
