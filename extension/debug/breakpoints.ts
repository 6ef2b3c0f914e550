/** Breakpoints: what the client asked for is kept, so that a run begun anew has them too. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DebugTables } from '../core/debug/tables.js';
import { statusNamed } from '../core/kmcl/statusNames.js';
import { RULES } from '../core/rules/catalogue.js';
import type {
  BoundBreakpoint,
  DataBreakpoint,
  ExceptionFilters,
  FunctionBreakpoint,
  SourceBreakpoint,
} from '../worker/debugProtocol.js';
import type { Positions } from './positions.js';
import type { Sources } from './sources.js';
import type { DebugTarget } from './target.js';

/** Of a data breakpoint: what its id stands for. */
export interface Watched {
  readonly address: number;
  readonly size: number;
  readonly name: string;
}

const NO_RUN: DebugProtocol.Breakpoint = { verified: false, message: 'The run is over.' };

export class Breakpoints {
  readonly #sources: Sources;
  readonly #positions: Positions;
  readonly #bySource = new Map<
    string,
    { readonly source: DebugProtocol.Source; readonly breakpoints: SourceBreakpoint[] }
  >();
  #functions: readonly FunctionBreakpoint[] = [];
  #data: readonly DataBreakpoint[] = [];
  #filters: ExceptionFilters = {};
  #nextId = 1;
  /** Names of watched places by data id. */
  readonly #watched = new Map<string, Watched>();
  readonly #watchedById = new Map<number, Watched>();

  constructor(sources: Sources, positions: Positions) {
    this.#sources = sources;
    this.#positions = positions;
  }

  async setSource(
    target: DebugTarget | undefined,
    { source, breakpoints = [], lines = [] }: DebugProtocol.SetBreakpointsArguments,
  ): Promise<DebugProtocol.Breakpoint[]> {
    const file = this.#sources.file(source);
    const wanted = breakpoints.length > 0 ? breakpoints : lines.map((line) => ({ line }));
    if (file === undefined) return wanted.map(() => ({ verified: false, message: 'The source has no path.' }));
    const kept = wanted.map((each): SourceBreakpoint => {
      const { line, column, condition, hitCondition, logMessage } = each as DebugProtocol.SourceBreakpoint;
      return {
        id: this.#nextId++,
        line: this.#positions.lineOf(line),
        ...(column === undefined ? {} : { column: this.#positions.columnOf(column) }),
        ...text('condition', condition),
        ...text('hitCondition', hitCondition),
        ...text('logMessage', logMessage),
      };
    });
    this.#bySource.set(file, { source, breakpoints: kept });
    if (target === undefined) return kept.map(() => NO_RUN);
    return this.#bound(await target.request('setBreakpoints', { file, breakpoints: kept }), source);
  }

  async setFunctions(
    target: DebugTarget | undefined,
    breakpoints: readonly DebugProtocol.FunctionBreakpoint[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    this.#functions = breakpoints.map(({ name, condition, hitCondition }) => ({
      id: this.#nextId++,
      name,
      ...text('condition', condition),
      ...text('hitCondition', hitCondition),
    }));
    if (target === undefined) return this.#functions.map(() => NO_RUN);
    return this.#bound(await target.request('setFunctionBreakpoints', { breakpoints: this.#functions }), undefined);
  }

  /** The id a data breakpoint is set by; the same place has the same one. */
  watch(watched: Watched): string {
    const id = `${watched.address}/${watched.size}`;
    this.#watched.set(id, watched);
    return id;
  }

  watched(id: number): Watched | undefined {
    return this.#watchedById.get(id);
  }

  async setData(
    target: DebugTarget | undefined,
    breakpoints: readonly DebugProtocol.DataBreakpoint[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    const refused = new Map<number, string>();
    const kept: DataBreakpoint[] = [];
    const order: number[] = [];
    for (const { dataId, accessType, condition, hitCondition } of breakpoints) {
      const id = this.#nextId++;
      order.push(id);
      const [, address = '', size = ''] = /^(\d+)\/(\d+)$/.exec(dataId) ?? [];
      if (address === '') refused.set(id, `'${dataId}' names no place in memory.`);
      else if (accessType === 'read' || accessType === 'readWrite') refused.set(id, 'Only writes can be watched.');
      else {
        const watched = this.#watched.get(dataId);
        if (watched !== undefined) this.#watchedById.set(id, watched);
        const place = { id, address: Number(address), size: Number(size) };
        kept.push({ ...place, ...text('condition', condition), ...text('hitCondition', hitCondition) });
      }
    }
    this.#data = kept;
    const bound = target === undefined ? [] : await target.request('setDataBreakpoints', { breakpoints: kept });
    return order.map((id): DebugProtocol.Breakpoint => {
      const found = bound.find((each) => each.id === id);
      const message = refused.get(id) ?? (found?.verified === false ? found.message : undefined);
      return { id, verified: found?.verified === true, ...(message === undefined ? {} : { message }) };
    });
  }

  async setExceptions(
    target: DebugTarget | undefined,
    { filters, filterOptions = [] }: DebugProtocol.SetExceptionBreakpointsArguments,
  ): Promise<DebugProtocol.Breakpoint[]> {
    const wanted = [...filters.map((filterId) => ({ filterId, condition: undefined })), ...filterOptions];
    const answers: DebugProtocol.Breakpoint[] = [];
    let kept: ExceptionFilters = {};
    for (const { filterId, condition } of wanted) {
      const words = condition === undefined ? [] : condition.split(/[\s,;]+/).filter((word) => word !== '');
      const filter = exceptionFilter(filterId, words);
      if (typeof filter === 'string') answers.push({ verified: false, message: filter });
      else {
        kept = { ...kept, ...filter };
        answers.push({ verified: true });
      }
    }
    this.#filters = kept;
    if (target !== undefined) await target.request('setExceptionFilters', { filters: kept });
    return answers;
  }

  /** All of them, in a run begun anew; answers what has changed for the client. */
  async reapply(target: DebugTarget): Promise<readonly DebugProtocol.Breakpoint[]> {
    const changed: DebugProtocol.Breakpoint[] = [];
    for (const [file, { source, breakpoints }] of this.#bySource) {
      changed.push(...this.#bound(await target.request('setBreakpoints', { file, breakpoints }), source));
    }
    const functions = await target.request('setFunctionBreakpoints', { breakpoints: this.#functions });
    changed.push(...this.#bound(functions, undefined));
    await target.request('setDataBreakpoints', { breakpoints: this.#data });
    await target.request('setExceptionFilters', { filters: this.#filters });
    return changed;
  }

  #bound(bound: readonly BoundBreakpoint[], source: DebugProtocol.Source | undefined): DebugProtocol.Breakpoint[] {
    return bound.map((each): DebugProtocol.Breakpoint => {
      if (!each.verified) return { id: each.id, verified: false, message: each.message };
      return {
        id: each.id,
        verified: true,
        source: source ?? this.#sources.source(each.file),
        line: this.#positions.line(each.line),
        column: this.#positions.column(each.column),
        endLine: this.#positions.line(each.endLine),
      };
    });
  }
}

function text<Key extends string>(key: Key, value: string | undefined): { readonly [Name in Key]?: string } {
  return value === undefined || value.trim() === '' ? {} : ({ [key]: value } as { readonly [Name in Key]: string });
}

/** What a filter with its condition stands for; a text says why it stands for nothing. */
function exceptionFilter(filterId: string, words: readonly string[]): ExceptionFilters | string {
  switch (filterId) {
    case 'finding': {
      const stray = words.find((word) => !RULES.some(({ id }) => id === word));
      return stray === undefined ? { finding: words.length > 0 ? words : true } : `There is no rule '${stray}'.`;
    }
    case 'status': {
      const statuses = words.map(statusOf);
      const stray = words.find((_, index) => statuses[index] === undefined);
      if (stray !== undefined) return `There is no status '${stray}': STATUS_NO_MEMORY and 0xC0000017 are examples.`;
      return { status: words.length > 0 ? statuses.filter((status) => status !== undefined) : true };
    }
    case 'assertion':
    case 'bugcheck':
      return words.length > 0 ? `The filter '${filterId}' takes no condition.` : { [filterId]: true };
    default:
      return `There is no filter '${filterId}'.`;
  }
}

/** By name, or as the number that it is. */
function statusOf(word: string): number | undefined {
  return /^(?:0[xX][0-9a-fA-F]{1,8}|\d{1,10})$/.test(word) ? Number(word) >>> 0 : statusNamed(word);
}

/** Where a breakpoint can stand in these lines, each place once, by line and column. */
export function breakpointPlaces(
  tables: DebugTables,
  isFile: (file: string) => boolean,
  first: number,
  last: number,
): readonly { readonly line: number; readonly column: number; readonly endLine: number }[] {
  const places = new Map<string, { readonly line: number; readonly column: number; readonly endLine: number }>();
  for (const { sites } of tables) {
    for (const { file, line, column, endLine, kind } of sites) {
      if (kind !== 'resume' && line >= first && line <= last && isFile(file)) {
        places.set(`${line}:${column}`, { line, column, endLine });
      }
    }
  }
  return [...places.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
