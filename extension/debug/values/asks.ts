/**
 * What a session asks the paused run about names and values, and what it gets: plain data, answered inside the worker
 * (DebugServices.ask), so that one question is one message however much memory it reads.
 */

/** One variable, in the words of the debug adapter protocol. */
export interface ShownVariable {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
  /** Children are asked for by this number while the run stands still; 0: none. */
  readonly variablesReference: number;
  readonly namedVariables?: number;
  readonly indexedVariables?: number;
  /** An expression that gives it again; absent where there is none. */
  readonly evaluateName?: string;
  readonly memoryReference?: string;
  readonly presentationHint?: {
    readonly kind?: string;
    readonly attributes?: readonly string[];
    readonly lazy?: boolean;
  };
  /** Where it is declared, as locations name it. */
  readonly declaration?: { readonly file: string; readonly line: number };
}

export interface ShownScope {
  readonly name: 'Locals' | 'Globals' | 'Kernel';
  readonly variablesReference: number;
  readonly namedVariables: number;
  readonly expensive: boolean;
}

/** Where a value lies, for data breakpoints. */
export interface PlaceFound {
  readonly address: number;
  readonly size: number;
  /** As a person would name it. */
  readonly description: string;
}

export interface CompletionFound {
  readonly label: string;
  readonly type: 'variable' | 'field' | 'enum' | 'class' | 'function' | 'keyword';
  /** The part of the text that is replaced. */
  readonly start: number;
  readonly length: number;
}

/** A tree of what the simulated kernel has: the debug panel. */
export interface KernelTreeNode {
  readonly label: string;
  readonly description: string;
  /** Id of a codicon. */
  readonly icon: string;
  /** Longer text for the tooltip. */
  readonly tooltip?: string;
  /** What most people look for: open from the beginning. */
  readonly expanded?: true;
  readonly memoryReference?: string;
  /** Where it was made, as locations name it. */
  readonly location?: { readonly file: string; readonly line: number };
  readonly children: readonly KernelTreeNode[];
}

/** Kinds of contexts as the protocol has them. */
export type EvaluateContext = 'watch' | 'repl' | 'hover' | 'clipboard' | 'variables';

/**
 * Every question and its answer. `stop` numbers the places where the run stood: references of an earlier one are
 * forgotten. A refusal is an Error with a sentence for the user.
 */
export interface ValueAsks {
  scopes: { ask: { stop: number; frame: number }; answer: readonly ShownScope[] };
  variables: {
    ask: {
      stop: number;
      reference: number;
      filter?: 'indexed' | 'named';
      start?: number;
      count?: number;
      hexadecimal?: boolean;
    };
    answer: readonly ShownVariable[];
  };
  evaluate: {
    ask: { stop: number; frame?: number; expression: string; context: EvaluateContext; hexadecimal?: boolean };
    answer: ShownVariable & { readonly changed: boolean };
  };
  setVariable: {
    ask: { stop: number; frame?: number; reference: number; name: string; value: string; hexadecimal?: boolean };
    answer: ShownVariable;
  };
  setExpression: {
    ask: { stop: number; frame?: number; expression: string; value: string; hexadecimal?: boolean };
    answer: ShownVariable;
  };
  place: {
    ask: { stop: number; frame?: number; reference?: number; name: string; bytes?: number };
    answer: PlaceFound;
  };
  completions: { ask: { frame?: number; text: string; column: number }; answer: readonly CompletionFound[] };
  kernelTree: { ask: { stop: number }; answer: readonly KernelTreeNode[] };
}
export type ValueAskKind = keyof ValueAsks;

export type ValueAsk = {
  readonly [Kind in ValueAskKind]: { readonly kind: Kind } & ValueAsks[Kind]['ask'];
}[ValueAskKind];
