/** Packs reports on the extension host's thread without keeping others waiting. */
import { packSteps, type ReportPack } from '../core/run/reportPack.js';

/** Milliseconds of packing between two turns of the event loop: a report of a million packets takes a hundred. */
const SLICE = 10;

/** The bytes of a pack, as `packBytes` makes them. */
export async function packed(pack: ReportPack): Promise<Uint8Array<ArrayBuffer>> {
  const steps = packSteps(pack);
  let began = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() - began < SLICE) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    began = performance.now();
  }
}
