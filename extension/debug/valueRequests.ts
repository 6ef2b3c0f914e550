/** Requests about names and values: answered beside the paused driver. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { frameIndex } from './frameIds.js';
import type { Handlers } from './requests.js';
import type { RunControl } from './runControl.js';
import type { EvaluateContext, ShownVariable } from './values/asks.js';

export function valueRequests(control: RunControl): Handlers {
  const frameOf = (id: number | undefined): { readonly frame?: number } =>
    id === undefined ? {} : { frame: frameIndex(control, id) };
  return {
    scopes: async ({ frameId }: DebugProtocol.ScopesArguments) => {
      const scopes = await control.ask('scopes', {
        stop: control.standing.number,
        frame: frameIndex(control, frameId),
      });
      return {
        scopes: scopes.map((scope) => (scope.name === 'Locals' ? { ...scope, presentationHint: 'locals' } : scope)),
      };
    },
    variables: async ({ variablesReference, filter, start, count, format }: DebugProtocol.VariablesArguments) => {
      const variables = await control.ask('variables', {
        stop: control.standing.number,
        reference: variablesReference,
        ...(filter === undefined ? {} : { filter }),
        ...(start === undefined ? {} : { start }),
        ...(count === undefined ? {} : { count }),
        hexadecimal: format?.hex === true,
      });
      return { variables: variables.map((variable) => shownVariable(control, variable)) };
    },
    evaluate: (wanted: DebugProtocol.EvaluateArguments) => evaluate(control, wanted),
    setVariable: async ({ variablesReference, name, value, format }: DebugProtocol.SetVariableArguments) => {
      const set = await control.ask('setVariable', {
        stop: control.standing.number,
        frame: 0,
        reference: variablesReference,
        name,
        value,
        hexadecimal: format?.hex === true,
      });
      control.changed(undefined);
      return result(set);
    },
    setExpression: async ({ expression, value, frameId, format }: DebugProtocol.SetExpressionArguments) => {
      const set = await control.ask('setExpression', {
        stop: control.standing.number,
        ...frameOf(frameId),
        expression,
        value,
        hexadecimal: format?.hex === true,
      });
      control.changed(undefined);
      return result(set);
    },
    completions: async ({ text, column, line, frameId }: DebugProtocol.CompletionsArguments) => {
      const lines = text.split('\n');
      const row = line === undefined ? 0 : control.positions.lineOf(line) - 1;
      const found = await control.ask('completions', {
        ...frameOf(frameId),
        text: lines[row] ?? '',
        column: control.positions.columnOf(column),
      });
      return { targets: found };
    },
  };
}

async function evaluate(
  control: RunControl,
  { expression, frameId, context, format }: DebugProtocol.EvaluateArguments,
): Promise<object> {
  const known: EvaluateContext =
    context === 'repl' || context === 'hover' || context === 'clipboard' || context === 'variables' ? context : 'watch';
  const { changed, ...shown } = await control.ask('evaluate', {
    stop: control.standing.number,
    ...(frameId === undefined ? {} : { frame: frameIndex(control, frameId) }),
    expression,
    context: known,
    hexadecimal: format?.hex === true,
  });
  if (changed) control.changed(undefined);
  const { value, type, variablesReference, namedVariables, indexedVariables, memoryReference } = shown;
  return {
    result: value,
    variablesReference,
    ...(type === undefined ? {} : { type }),
    ...(namedVariables === undefined ? {} : { namedVariables }),
    ...(indexedVariables === undefined ? {} : { indexedVariables }),
    ...(memoryReference === undefined ? {} : { memoryReference }),
  };
}

function result({
  value,
  type,
  variablesReference,
  namedVariables,
  indexedVariables,
  memoryReference,
}: ShownVariable): object {
  return {
    value,
    variablesReference,
    ...(type === undefined ? {} : { type }),
    ...(namedVariables === undefined ? {} : { namedVariables }),
    ...(indexedVariables === undefined ? {} : { indexedVariables }),
    ...(memoryReference === undefined ? {} : { memoryReference }),
  };
}

function shownVariable({ client }: RunControl, { declaration: _declaration, ...variable }: ShownVariable): object {
  if (client.supportsMemoryReferences !== false) return variable;
  const { memoryReference: _reference, ...rest } = variable;
  return rest;
}
