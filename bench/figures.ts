/** What a bench file exports and how its lines look (interfaces section 6). */

export interface Figure {
  /** As printed and as given to `npm run bench -- NAME`. */
  readonly name: string;
  readonly unit: string;
  readonly goal: { readonly relation: '<=' | '>='; readonly bound: number };
  /** The value, or why there is none on this machine. An exception is such a reason too. */
  readonly measure: () => Promise<number | Skipped>;
}

export interface Skipped {
  readonly skipped: string;
}

/** A bench file is any `bench/*.bench.ts`; it exports its figures under this name. */
export interface BenchModule {
  readonly figures: readonly Figure[];
}

/** `bench <name> <value> <unit> goal <=|>= <bound>`, or `bench <name> skipped <reason>`. */
export function figureLine({ name, unit, goal }: Figure, measured: number | Skipped): string {
  if (typeof measured !== 'number') return `bench ${name} skipped ${measured.skipped.replaceAll(/\s+/g, ' ')}`;
  if (!Number.isFinite(measured)) return `bench ${name} skipped the measurement gave ${measured}`;
  return `bench ${name} ${plainDecimal(measured)} ${unit} goal ${goal.relation} ${plainDecimal(goal.bound)}`;
}

/**
 * An unsigned decimal without exponent, four significant digits where there is a fraction; a slope below 0 prints 0.
 */
export function plainDecimal(value: number): string {
  const positive = Math.max(0, value);
  if (positive >= 1000 || Number.isInteger(positive)) return BigInt(Math.round(positive)).toString();
  const digits = positive >= 1 ? 3 - Math.floor(Math.log10(positive)) : 4;
  return positive.toFixed(digits).replace(/\.?0+$/, '');
}

/** Runs `work` once however many figures ask for its result. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Results of each side, in the order of the rounds. */
export interface Alternated {
  readonly left: readonly number[];
  readonly right: readonly number[];
}

/** Measures both sides in turn, so that whatever else the machine does meets both alike. */
export async function alternate(
  left: () => number | Promise<number>,
  right: () => number | Promise<number>,
  rounds = 5,
): Promise<Alternated> {
  const results = { left: [] as number[], right: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    results.left.push(await left());
    results.right.push(await right());
  }
  return results;
}
