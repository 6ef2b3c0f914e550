/** What the debug worker is built with: expressions and values beside the paused driver. */
import type { DebugServices, StoppedView } from '../../core/debug/view.js';
import type { ValueAsk, ValueAskKind, ValueAsks } from './asks.js';
import { completions } from './completions.js';
import { condition, hitCondition, logMessage, typesOf } from './conditions.js';
import { kernelTree } from './kernelTree.js';
import { MemoryReader } from './memoryView.js';
import { Renderer } from './render.js';
import { StopValues } from './stop.js';

/** One per worker. */
export function debugServices(): DebugServices {
  const values = new ValueService();
  return {
    condition: (expression, scope) => condition(expression, scope, values.macros),
    logMessage: (template, scope) => logMessage(template, scope, values.macros),
    hitCondition,
    define: (macros) => {
      for (const [name, text] of macros) values.macros.set(name, text);
    },
    ask: (request, view) => values.answer(request as ValueAsk, view),
  };
}

class ValueService {
  readonly macros = new Map<string, string>();
  /** The stop that references belong to. */
  #stop = -1;
  #values: StopValues | undefined;

  answer(ask: ValueAsk, view: StoppedView): ValueAsks[ValueAskKind]['answer'] {
    switch (ask.kind) {
      case 'scopes':
        return this.#at(ask.stop, view).scopes(ask.frame);
      case 'variables':
        return this.#at(ask.stop, view).variables(
          ask.reference,
          ask.filter,
          ask.start ?? 0,
          ask.count ?? 0,
          ask.hexadecimal === true,
        );
      case 'evaluate':
        return this.#at(ask.stop, view).evaluate(ask.frame, ask.expression, ask.context, ask.hexadecimal === true);
      case 'setVariable':
        return this.#at(ask.stop, view).setVariable(
          ask.frame,
          ask.reference,
          ask.name,
          ask.value,
          ask.hexadecimal === true,
        );
      case 'setExpression':
        return this.#at(ask.stop, view).setExpression(ask.frame, ask.expression, ask.value, ask.hexadecimal === true);
      case 'place':
        return this.#at(ask.stop, view).place(ask.frame, ask.reference, ask.name, ask.bytes);
      case 'completions': {
        const values = this.#at(this.#stop, view);
        return completions(
          ask.text,
          ask.column,
          values.scope(ask.frame),
          typesOf(view.driver),
          new MemoryReader(view.memory),
        );
      }
      case 'kernelTree':
        return kernelTree(new Renderer(view, typesOf(view.driver)));
    }
  }

  #at(stop: number, view: StoppedView): StopValues {
    this.#values =
      stop === this.#stop && this.#values !== undefined
        ? this.#values.refresh(view)
        : new StopValues(view, typesOf(view.driver), this.macros);
    this.#stop = stop;
    return this.#values;
  }
}
