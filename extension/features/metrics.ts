/** What the extension measures of itself: for the log, the bench and whoever asks the extension's exports. */

/** What `activate` returns. */
export interface VspLabApi {
  readonly version: 1;
  readonly metrics: Metrics;
}

/** Milliseconds; the newest measurement last. */
export interface Metrics {
  readonly activation: number;
  /** From the event of a save to the end of its run in the extension host. */
  readonly saveToReport: readonly number[];
  /** From the event of a save until a visible page had painted its report. */
  readonly saveToView: readonly number[];
}

const KEPT = 200;

export class Stopwatch {
  #activation = 0;
  readonly #saveToReport: number[] = [];
  readonly #saveToView: number[] = [];
  /** When the saves happened whose reports are still to be painted, by driver. */
  readonly #waiting = new Map<string, number>();

  activated(milliseconds: number): void {
    this.#activation = milliseconds;
  }

  /** A driver's report has come that a save asked for at `saved` (`performance.now`). Answers the milliseconds. */
  reported(driver: string, saved: number): number {
    const milliseconds = performance.now() - saved;
    keep(this.#saveToReport, milliseconds);
    this.#waiting.set(driver, saved);
    return milliseconds;
  }

  /** A page has painted that driver's report. Answers the milliseconds since the save, if one was waiting. */
  shown(driver: string): number | undefined {
    const saved = this.#waiting.get(driver);
    if (saved === undefined) return undefined;
    this.#waiting.delete(driver);
    const milliseconds = performance.now() - saved;
    keep(this.#saveToView, milliseconds);
    return milliseconds;
  }

  api(): VspLabApi {
    const metrics = (): Metrics => ({
      activation: this.#activation,
      saveToReport: [...this.#saveToReport],
      saveToView: [...this.#saveToView],
    });
    return {
      version: 1,
      get metrics() {
        return metrics();
      },
    };
  }
}

function keep(values: number[], value: number): void {
  values.push(value);
  if (values.length > KEPT) values.shift();
}
