/** What a request cannot be answered without: named where a client leaves it out or gives something else. */
import { RequestFailure } from './failure.js';

type Kind = 'a text' | 'a number' | 'a list' | 'an object';

const NEEDED: Readonly<Record<string, readonly (readonly [name: string, kind: Kind])[]>> = {
  setBreakpoints: [['source', 'an object']],
  setFunctionBreakpoints: [['breakpoints', 'a list']],
  setDataBreakpoints: [['breakpoints', 'a list']],
  setExceptionBreakpoints: [['filters', 'a list']],
  breakpointLocations: [
    ['source', 'an object'],
    ['line', 'a number'],
  ],
  dataBreakpointInfo: [['name', 'a text']],
  stackTrace: [['threadId', 'a number']],
  scopes: [['frameId', 'a number']],
  variables: [['variablesReference', 'a number']],
  evaluate: [['expression', 'a text']],
  setVariable: [
    ['variablesReference', 'a number'],
    ['name', 'a text'],
    ['value', 'a text'],
  ],
  setExpression: [
    ['expression', 'a text'],
    ['value', 'a text'],
  ],
  completions: [
    ['text', 'a text'],
    ['column', 'a number'],
  ],
  readMemory: [
    ['memoryReference', 'a text'],
    ['count', 'a number'],
  ],
  writeMemory: [
    ['memoryReference', 'a text'],
    ['data', 'a text'],
  ],
  restartFrame: [['frameId', 'a number']],
  gotoTargets: [
    ['source', 'an object'],
    ['line', 'a number'],
  ],
  goto: [['targetId', 'a number']],
};

function isKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'a text':
      return typeof value === 'string';
    case 'a number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'a list':
      return Array.isArray(value);
    case 'an object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
  }
}

/** Throws RequestFailure. */
export function checkArguments(command: string, given: unknown): void {
  const values = isKind(given, 'an object') ? (given as Readonly<Record<string, unknown>>) : {};
  for (const [name, kind] of NEEDED[command] ?? []) {
    if (!isKind(values[name], kind)) {
      throw new RequestFailure('unknown', `The request '${command}' needs "${name}", ${kind}.`);
    }
  }
}
