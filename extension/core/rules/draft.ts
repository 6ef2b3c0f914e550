/** A finding on its way: what the checks of each group hand to findings.ts. */
import type { SimulationOptions, SimulationResult } from '../kmcl/simulation.js';
import type { DescribeBytes } from '../run/describeBytes.js';
import type { Finding, Pass, Position, Severity } from '../run/report.js';
import type { CompiledDriver } from '../toolchain/module.js';
import { type RuleId, ruleOf } from './catalogue.js';

/** What a check may look at. */
export interface RuleInput {
  readonly driver: CompiledDriver;
  readonly result: SimulationResult;
  readonly checks: SimulationOptions['checks'];
  /** Names bytes of saved records, where records are known. */
  readonly describe?: DescribeBytes;
}

export interface Draft {
  readonly rule: RuleId;
  readonly message: string;
  readonly location: Position | null;
  readonly channel: number | null;
  readonly packet: number | null;
  readonly callback: string | null;
  readonly pass: Pass | null;
  readonly callStack: Finding['callStack'];
  readonly related: Finding['related'];
  /** How often it happened besides, behind the message. */
  readonly repeated?: string;
  /** The same as a number: how often in all, once where it is missing. */
  readonly count?: number;
  /** What of a place it speaks of, where one place can break a rule in several ways: a context field. */
  readonly subject?: string;
  /** Lower than the catalogue's: a stub or an invented value stands behind it. */
  readonly atMost?: Severity;
  /** Found by stress: the inputs that show it. */
  readonly stress?: Finding['stress'];
}

const NO_CONTEXT = {
  location: null,
  channel: null,
  packet: null,
  callback: null,
  pass: null,
  callStack: [],
  related: [],
} as const;

export function draft(rule: RuleId, message: string, rest: Partial<Omit<Draft, 'rule' | 'message'>> = {}): Draft {
  return { rule, message, ...NO_CONTEXT, ...rest };
}

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error'];

export function severityOf(finding: Draft): Severity {
  const own = ruleOf(finding.rule).severity;
  const { atMost } = finding;
  return atMost !== undefined && SEVERITIES.indexOf(atMost) < SEVERITIES.indexOf(own) ? atMost : own;
}

/**
 * Which of several rules that one fault breaks is named (interfaces section 5): callback rules before rules of objects
 * before memory before run; what is left (irql, locks, assertions) ranks with objects, since it says more than a memory
 * fault.
 */
export function rankOf(rule: RuleId): number {
  if (/^(?:savepkt|restorepkt|in)-/.test(rule)) return 0;
  if (/^mem-/.test(rule)) return 2;
  return /^run-/.test(rule) ? 3 : 1;
}

/** `1 byte`, `3 bytes`. */
export function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}
