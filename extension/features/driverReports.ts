/** Results as the Packet Buffers page is told of them. */

import { Uri } from 'vscode';
import type { Problem, SentReport, Target } from '../../webview/protocol.js';
import { anchorPlace } from '../core/run/figures.js';
import { relativePath } from '../core/run/paths.js';
import type { AnchorLink } from './ids.js';
import { enginePath } from './paths.js';
import type { DriverResult } from './results.js';

/** Why the newest source could not be run. */
export function problemsOf({ newest }: DriverResult): readonly Problem[] {
  if (newest.compiled) return [];
  const errors = newest.diagnostics.filter(({ severity }) => severity === 'error');
  return errors.map(({ message, file, line, column }) => ({ message, file, line, column }));
}

/** `pack` are the bytes of the result's report without those that packets saved: the page asks for one packet's. */
export function driverReport(result: DriverResult, pack: Uint8Array<ArrayBuffer>): SentReport {
  const { key, name, previous, stale } = result;
  return { key, name, pack, previous, stale, problems: problemsOf(result) };
}

/** The first run of the first driver that has the callback or test. */
export function targetOf(results: readonly DriverResult[], { uri, kind, name }: AnchorLink): Target | undefined {
  const file = enginePath(Uri.parse(uri, true));
  for (const { key, home, shown } of results) {
    const place = anchorPlace(shown.pack, kind, name, relativePath(enginePath(home), file));
    if (place !== undefined) return { driver: key, ...place };
  }
  return undefined;
}
