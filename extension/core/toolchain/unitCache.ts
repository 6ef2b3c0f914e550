/**
 * Compiled results by content. A unit's key needs the headers it read, which only compiling tells: so under the hash of
 * what is known before (source, options) lies a list of recipes, each naming the files read and those looked for in
 * vain, with the hash of each; the first recipe that still holds names the result.
 */
import type { Cache, Hash } from '../base/host.js';
import type { Lookups, ToolFiles } from './toolFiles.js';
import { toToolPath } from './toolFiles.js';
import type { UnitOutput, UnitRequest } from './unit.js';

interface Recipe {
  readonly read: readonly (readonly [path: string, hash: string])[];
  readonly missing: readonly string[];
  /** Key of the result; it covers everything above. */
  readonly key: string;
}

/** Variants kept of one source: the last few states of its headers. */
const RECIPES = 4;

export class UnitCache {
  readonly #cache: Cache;
  readonly #hash: Hash;
  readonly #files: ToolFiles;
  readonly #scope: string;
  readonly #hashes = new Map<string, string | undefined>();

  /**
   * `scope` names everything that decides a result and is no file: versions and the working directory paths are shown
   * relative to.
   */
  constructor(cache: Cache, hash: Hash, files: ToolFiles, scope: string) {
    this.#cache = cache;
    this.#hash = hash;
    this.#files = files;
    this.#scope = scope;
  }

  async find(request: UnitRequest): Promise<{ readonly key: string; readonly output: UnitOutput } | undefined> {
    for (const recipe of await this.#recipes(this.#recipeKey(request))) {
      if (this.#holds(recipe)) {
        const packed = await this.#cache.get(recipe.key);
        const output = packed === undefined ? undefined : unpack<UnitOutput['facts']>(packed);
        return output === undefined
          ? undefined
          : { key: recipe.key, output: { object: output.bytes, facts: output.facts } };
      }
    }
    return undefined;
  }

  /** Stores a result and answers its key. */
  async store(request: UnitRequest, lookups: Lookups, output: UnitOutput): Promise<string> {
    const base = this.#recipeKey(request);
    const read = [...lookups.read].map(([path, bytes]) => [path, this.#hash(bytes)] as const);
    const missing = [...lookups.missing];
    const key = this.text(`unit\n${base}\n${JSON.stringify([read, missing])}`);
    const others = (await this.#recipes(base)).filter((recipe) => recipe.key !== key).slice(0, RECIPES - 1);
    await this.#cache.put(key, pack(output.facts, output.object));
    await this.#cache.put(base, new TextEncoder().encode(JSON.stringify([{ read, missing, key }, ...others])));
    return key;
  }

  /** Hash of a text. */
  text(text: string): string {
    return this.#hash(new TextEncoder().encode(text));
  }

  #recipeKey(request: UnitRequest): string {
    const { source, weakSymbols, ...rest } = request;
    return this.text(
      `recipe\n${this.#scope}\n${JSON.stringify([
        source,
        this.#fileHash(toToolPath(source)),
        rest,
        [...(weakSymbols ?? [])].sort(),
      ])}`,
    );
  }

  async #recipes(key: string): Promise<readonly Recipe[]> {
    const bytes = await this.#cache.get(key);
    try {
      return bytes === undefined ? [] : (JSON.parse(new TextDecoder().decode(bytes)) as Recipe[]);
    } catch {
      return [];
    }
  }

  #holds(recipe: Recipe): boolean {
    return (
      recipe.read.every(([path, hash]) => this.#fileHash(path) === hash) &&
      recipe.missing.every((path) => this.#files.find(path) === undefined)
    );
  }

  #fileHash(path: string): string | undefined {
    if (!this.#hashes.has(path)) {
      const bytes = this.#files.raw(path);
      this.#hashes.set(path, bytes === undefined ? undefined : this.#hash(bytes));
    }
    return this.#hashes.get(path);
  }
}

/** Facts as JSON, then bytes: `u32 length of the JSON`, JSON, bytes. */
export function pack(facts: unknown, bytes: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(facts));
  const packed = new Uint8Array(4 + json.length + bytes.length);
  new DataView(packed.buffer).setUint32(0, json.length, true);
  packed.set(json, 4);
  packed.set(bytes, 4 + json.length);
  return packed;
}

/** The inverse; undefined for anything that `pack` did not make. */
export function unpack<Facts>(packed: Uint8Array): { readonly facts: Facts; readonly bytes: Uint8Array } | undefined {
  if (packed.length < 4) {
    return undefined;
  }
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  try {
    const facts = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + length))) as Facts;
    return { facts, bytes: packed.slice(4 + length) };
  } catch {
    return undefined;
  }
}
