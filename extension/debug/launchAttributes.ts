/** Attributes of a launch (interfaces section 8): each checked, a wrong one is named with what it may be. */
import type { Checks } from '../core/kmcl/simulation.js';
import { joinPath } from '../core/run/paths.js';
import type { DebugLaunch, FindingPlace, StopAt } from '../worker/debugProtocol.js';
import { RequestFailure } from './failure.js';

export const ATTRIBUTES = [
  'program',
  'test',
  'packets',
  'seed',
  'checks',
  'include',
  'define',
  'stopOnEntry',
  'stopAt',
  'noDebug',
] as const;
export type Attribute = (typeof ATTRIBUTES)[number];

export interface LaunchAttributes {
  /** Absolute, with `/`. */
  readonly program: string;
  readonly test?: string;
  readonly stopOnEntry: boolean;
  readonly stopAt?: StopAt;
  readonly noDebug: boolean;
  /** Where to go to: `Debug to This Finding`. */
  readonly finding?: FindingPlace;
  readonly settings: NonNullable<DebugLaunch['settings']>;
}

/** What clients put beside the attributes of the debug type. */
const CLIENT_OWN = new Set([
  ...['type', 'request', 'name', 'presentation', 'preLaunchTask', 'postDebugTask', 'internalConsoleOptions'],
  ...['debugServer', 'serverReadyAction', 'suppressMultipleSessionWarning', 'linux', 'osx', 'windows', 'cwd', 'env'],
]);
const CHECKS: readonly Checks[] = ['off', 'contract', 'full'];
const PASSES: readonly StopAt['pass'][] = ['query', 'write', 'restore'];
const MOST_PACKETS = 10_000_000;
const MOST_SEED = 2 ** 32 - 1;

function wrong(attribute: string, value: unknown, expected: string): never {
  const is = value === undefined ? 'missing' : shown(value);
  throw new RequestFailure('launch', `Launch attribute "${attribute}" is ${is}: expected ${expected}.`, true);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function textOf(attribute: Attribute, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : wrong(attribute, value, 'a text');
}

function flagOf(attribute: Attribute, value: unknown): boolean {
  if (value === undefined) return false;
  return typeof value === 'boolean' ? value : wrong(attribute, value, 'true or false');
}

function numberOf(attribute: string, value: unknown, minimum: number, maximum: number): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  return wrong(attribute, value, `a whole number from ${minimum} to ${maximum}`);
}

function textsOf(attribute: Attribute, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  return wrong(attribute, value, 'a list of texts');
}

function oneOf<Value extends string>(attribute: string, value: unknown, values: readonly Value[]): Value {
  const found = values.find((each) => each === value);
  return found ?? wrong(attribute, value, values.map((each) => `"${each}"`).join(', '));
}

/** Throws RequestFailure that names what is wrong with it. */
export function stopAtOf(value: unknown): StopAt | undefined {
  if (value === undefined) return undefined;
  const example = 'for example { "pass": "write", "packet": 3 }';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('stopAt', value, example);
  const { pass, packet, ...rest } = value as Readonly<Record<string, unknown>>;
  const [stray] = Object.keys(rest);
  if (stray !== undefined) wrong(`stopAt.${stray}`, rest[stray], `only "pass" and "packet", ${example}`);
  const number = numberOf('stopAt.packet', packet, 0, MOST_PACKETS);
  return { pass: oneOf('stopAt.pass', pass, PASSES), ...(number === undefined ? {} : { packet: number }) };
}

/** `NAME` or `NAME=VALUE`. */
function definesOf(value: unknown): readonly string[] | undefined {
  const defines = textsOf('define', value);
  const stray = defines?.find((each) => !/^[A-Za-z_]\w*(?:=.*)?$/s.test(each));
  return stray === undefined ? defines : wrong('define', [stray], 'each to be NAME or NAME=VALUE');
}

/** The editor's own, not for people: what it is wrong about is left out. */
function findingOf(value: unknown): FindingPlace | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { rule, file, line, channel, packet, pass } = value as Readonly<Record<string, unknown>>;
  if (typeof rule !== 'string') return undefined;
  return {
    rule,
    location: typeof file === 'string' && typeof line === 'number' ? { file, line } : null,
    channel: typeof channel === 'number' ? channel : null,
    packet: typeof packet === 'number' ? packet : null,
    pass: PASSES.find((each) => each === pass) ?? null,
  };
}

/** Throws RequestFailure that names the attribute and its value. */
export function launchAttributes(given: Readonly<Record<string, unknown>>, cwd: string): LaunchAttributes {
  for (const name of Object.keys(given)) {
    if (!isKnown(name)) {
      throw new RequestFailure(
        'launch',
        `There is no launch attribute "${name}": there are ${ATTRIBUTES.join(', ')}.`,
        true,
      );
    }
  }
  const program = textOf('program', given['program']);
  if (program === undefined || program === '') {
    throw new RequestFailure('launch', 'Launch attribute "program" is missing: the file or folder to debug.', true);
  }
  const [test, packets, seed] = [
    textOf('test', given['test']),
    numberOf('packets', given['packets'], 1, MOST_PACKETS),
    numberOf('seed', given['seed'], 0, MOST_SEED),
  ];
  const checks = given['checks'] === undefined ? undefined : oneOf('checks', given['checks'], CHECKS);
  const [includes, defines] = [textsOf('include', given['include']), definesOf(given['define'])];
  const stopAt = stopAtOf(given['stopAt']);
  const finding = findingOf(given['__finding']);

  return {
    program: joinPath(cwd, program.replaceAll('\\', '/')),
    stopOnEntry: flagOf('stopOnEntry', given['stopOnEntry']),
    noDebug: flagOf('noDebug', given['noDebug']),
    settings: {
      ...(packets === undefined ? {} : { packets }),
      ...(seed === undefined ? {} : { seed }),
      ...(checks === undefined ? {} : { checks }),
      ...(includes === undefined
        ? {}
        : { includes: includes.map((path) => joinPath(cwd, path.replaceAll('\\', '/'))) }),
      ...(defines === undefined ? {} : { defines }),
    },
    ...(test === undefined || test === '' ? {} : { test }),
    ...(stopAt === undefined ? {} : { stopAt }),
    ...(finding === undefined ? {} : { finding }),
  };
}

/** Clients add names of their own with two underscores. */
function isKnown(name: string): boolean {
  return ATTRIBUTES.some((each) => each === name) || CLIENT_OWN.has(name) || name.startsWith('__');
}
