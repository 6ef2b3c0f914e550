/** What is known of each name of KMCL, in our own words; the sections of kmcl-facts stand at the tables. */
import type { RuleId } from '../../rules/catalogue.js';

export interface ParameterFacts {
  readonly name: string;
  /** As declared, annotations aside: `VMBCHANNEL *`. */
  readonly type: string;
  readonly text: string;
}

export interface FunctionFacts {
  /** Row of kmcl-facts 2.1 and 2.8. */
  readonly number: number;
  readonly name: string;
  readonly returns: string;
  readonly parameters: readonly ParameterFacts[];
  readonly irql: string;
  /** `documented` on the function's page or in its annotation; `inferred` from what it does. */
  readonly irqlBasis: 'documented' | 'inferred' | 'unknown';
  /** When it may be called: the state of its channel or packet. */
  readonly states: string;
  readonly endpoint: 'both' | 'server' | 'client';
  /** Version of the interface table, or release of the header, that brought it; absent: there from the beginning. */
  readonly since?: string;
  /** Those named by the documentation; a function may answer others. */
  readonly statuses: readonly string[];
  readonly rules: readonly RuleId[];
  readonly summary: string;
}

/** What a callback is for: those of the packets' life are paired. */
export type CallbackRole =
  | 'opened'
  | 'closed'
  | 'suspend'
  | 'started'
  | 'postStarted'
  | 'process'
  | 'processingComplete'
  | 'save'
  | 'restore'
  | 'completion'
  | 'pnpFailure';

export interface CallbackFacts {
  /** The plain function type: EVT_VMB_CHANNEL_SAVE_PACKET. Its pointer type begins with PFN_ instead of EVT_. */
  readonly name: string;
  readonly role: CallbackRole;
  /** There is a type with _EX behind its name, whose second parameter is the driver's pointer. */
  readonly hasEx: boolean;
  readonly returns: 'NTSTATUS' | 'VOID';
  readonly parameters: readonly ParameterFacts[];
  readonly irql: string;
  readonly calledWhen: string;
  readonly must: string;
  readonly mustNot: string;
  /** What it may sensibly return, the usual first. */
  readonly statuses: readonly string[];
  readonly rules: readonly RuleId[];
}

export interface FlagFacts {
  readonly name: string;
  readonly value: string;
  readonly summary: string;
  /** Functions by name, and the position of the operand that takes it; empty for what is only compared. */
  readonly usedWith: readonly (readonly [function_: string, operand: number])[];
  /** An OR of others. */
  readonly mask: boolean;
  readonly rules: readonly RuleId[];
}

export interface StatusFacts {
  readonly name: string;
  readonly value: string;
  readonly severity: 'success' | 'informational' | 'warning' | 'error';
  /** What KMCL, or a VSP, means by it. */
  readonly summary: string;
  /** What NT_SUCCESS and habit get wrong about it. */
  readonly trap?: string;
}

/** Handles and structures. */
export interface TypeFacts {
  readonly name: string;
  readonly declaration: string;
  readonly summary: string;
}
