/** Writes text that comes in pieces, without holding up whatever else the extension host has to do. */
import { open, rename, rm } from 'node:fs/promises';
import { type Uri, workspace } from 'vscode';

/** Milliseconds of work between two looks at what else there is. */
const SLICE = 8;
/** Characters collected before they are encoded and written. */
const BATCH = 1 << 18;

/** Answers the bytes written. An aborted write leaves nothing behind. */
export async function writePieces(to: Uri, pieces: Iterable<string>, signal: AbortSignal): Promise<number> {
  return to.scheme === 'file' ? writeToDisk(to.fsPath, pieces, signal) : writeWhole(to, pieces, signal);
}

/** Beside its place until it is complete: a report is there whole or not at all. */
async function writeToDisk(path: string, pieces: Iterable<string>, signal: AbortSignal): Promise<number> {
  const beside = `${path}.partial`;
  const file = await open(beside, 'w');
  let bytes = 0;
  try {
    for await (const chunk of chunks(pieces, signal)) {
      await file.write(chunk);
      bytes += chunk.length;
    }
    await file.close();
    await rename(beside, path);
    return bytes;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(beside, { force: true });
    throw error;
  }
}

/** Other file systems take a file at once. */
async function writeWhole(to: Uri, pieces: Iterable<string>, signal: AbortSignal): Promise<number> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks(pieces, signal)) parts.push(chunk);
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  await workspace.fs.writeFile(to, whole);
  return whole.length;
}

async function* chunks(pieces: Iterable<string>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = '';
  let since = performance.now();
  for (const piece of pieces) {
    text += piece;
    if (text.length >= BATCH) {
      yield encoder.encode(text);
      text = '';
    }
    if (performance.now() - since > SLICE) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      since = performance.now();
    }
  }
  yield encoder.encode(text);
}
