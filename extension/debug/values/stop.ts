/** What a session may ask about one stop: scopes, children, expressions, changes. References live as long as the stop. */
import type { DebugFrame, PlacedVariable, StoppedView } from '../../core/debug/view.js';
import { type Compiled, compile } from '../expressions/compile.js';
import { isScalar, type Type, type Types } from '../expressions/types.js';
import { addressText } from './addresses.js';
import type { EvaluateContext, PlaceFound, ShownScope, ShownVariable } from './asks.js';
import { assign } from './assign.js';
import { FrameScope } from './frameScope.js';
import { type Container, type Item, namedContainer } from './items.js';
import { kernelItems } from './kernelScope.js';
import { EditableMemory } from './memoryView.js';
import { Renderer } from './render.js';

/** Children given where the client does not say how many: the protocol lets it page. */
const PAGE = 1000;

export class StopValues {
  readonly #view: StoppedView;
  readonly #types: Types;
  readonly #macros: ReadonlyMap<string, string>;
  readonly #containers: Container[] = [];
  #renderer: Renderer;

  constructor(view: StoppedView, types: Types, macros: ReadonlyMap<string, string>) {
    this.#view = view;
    this.#types = types;
    this.#macros = macros;
    this.#renderer = new Renderer(view, types);
  }

  /** The view is the worker's, new for each question; what was read before may have changed. */
  refresh(view: StoppedView): StopValues {
    const next = new StopValues(view, this.#types, this.#macros);
    next.#containers.push(...this.#containers);
    return next;
  }

  get renderer(): Renderer {
    return this.#renderer;
  }

  frame(index: number | undefined): DebugFrame | undefined {
    if (index === undefined) return undefined;
    const frame = this.#view.frames.find((each) => each.index === index);
    if (frame === undefined) throw new Error('this frame is gone: the run has gone on');
    return frame;
  }

  scopes(index: number): readonly ShownScope[] {
    const frame = this.frame(index);
    const locals = frame === undefined ? [] : this.#variableItems(this.#view.variables(frame), this.#roleOf(frame));
    const globals = this.#variableItems(this.#view.globals(frame), undefined);
    const scope = (name: ShownScope['name'], items: () => readonly Item[], count: number): ShownScope => ({
      name,
      variablesReference: this.#reference(namedContainer(items, count)),
      namedVariables: count,
      expensive: false,
    });
    const kernel = kernelItems(this.#renderer);
    return [
      ...(frame?.kind === 'library' ? [] : [scope('Locals', () => locals, locals.length)]),
      scope('Globals', () => globals, globals.length),
      scope('Kernel', () => kernel, kernel.length),
    ];
  }

  variables(
    reference: number,
    filter: 'indexed' | 'named' | undefined,
    start: number,
    count: number,
    hexadecimal: boolean,
  ): readonly ShownVariable[] {
    const container = this.#container(reference);
    const named = filter === 'indexed' ? [] : container.items('named', 0, container.named);
    const wanted = count === 0 ? PAGE : count;
    const indexed = filter === 'named' ? [] : container.items('indexed', start, wanted);
    return [...named, ...indexed].map((item) => this.#shown(item, hexadecimal));
  }

  evaluate(
    frame: number | undefined,
    text: string,
    context: EvaluateContext,
    hexadecimal: boolean,
  ): ShownVariable & { changed: boolean } {
    const compiled = this.#compile(text, frame, context === 'repl');
    const plain = compiled.changes ? undefined : text.replace(/,\s*(?:[a-zA-Z]+|!|\d+|\[[^\]]*\])\s*$/, '').trim();
    const { text: value, container, memoryAddress } = this.#renderer.compiled(compiled, hexadecimal, plain);
    return {
      ...this.#withContainer({ name: text, value, type: compiled.type.name }, container),
      ...(plain === undefined ? {} : { evaluateName: plain }),
      ...(memoryAddress === undefined ? {} : { memoryReference: addressText(memoryAddress) }),
      changed: compiled.changes,
    };
  }

  setVariable(
    frame: number | undefined,
    reference: number,
    name: string,
    value: string,
    hexadecimal: boolean,
  ): ShownVariable {
    const item = this.#child(reference, name);
    if (item.place === undefined) throw new Error(`${name} is not the driver's: it cannot be changed`);
    const compiled =
      value.trim().startsWith('"') || value.trim().startsWith('L"') ? undefined : this.#compile(value, frame, false);
    assign(new EditableMemory(this.#view), item.place, name, compiled, value);
    return this.#after(item, hexadecimal);
  }

  setExpression(frame: number | undefined, expression: string, value: string, hexadecimal: boolean): ShownVariable {
    const place = this.#placeOf(this.#compile(expression, frame, false), expression);
    const text = value.trim();
    const compiled = text.startsWith('"') || text.startsWith('L"') ? undefined : this.#compile(value, frame, false);
    assign(new EditableMemory(this.#view), place, expression, compiled, value);
    return this.#after({ name: expression, place, evaluateName: expression }, hexadecimal);
  }

  /** Where a variable lies: a child of a container, or an expression. */
  place(frame: number | undefined, reference: number | undefined, name: string, bytes: number | undefined): PlaceFound {
    if (reference !== undefined) {
      const { place, memoryAddress } = this.#child(reference, name);
      if (place !== undefined) return found(name, place.address, bytes ?? place.type.size, place.bits !== undefined);
      if (memoryAddress !== undefined && bytes !== undefined) return found(name, memoryAddress, bytes, false);
      throw new Error(`${name} does not lie in the driver's memory`);
    }
    const address = /^\s*(0[xX][0-9a-fA-F]+)\s*$/.exec(name)?.[1];
    if (address !== undefined && bytes !== undefined) return found(name, Number(address), bytes, false);
    const { address: at, type, bits } = this.#placeOf(this.#compile(name, frame, false), name);
    return found(name, at, bytes ?? type.size, bits !== undefined);
  }

  scope(frame: number | undefined): FrameScope {
    return new FrameScope(this.#view, this.#types, this.#macros, this.frame(frame));
  }

  #compile(text: string, frame: number | undefined, sideEffects: boolean): Compiled {
    const memory = new EditableMemory(this.#view);
    return compile(text, { types: this.#types, scope: this.scope(frame), memory, sideEffects });
  }

  #placeOf(
    { type, address, bits }: Compiled,
    text: string,
  ): { type: Type; address: number; bits?: NonNullable<Compiled['bits']> } {
    if (address === undefined) throw new Error(`'${text}' does not lie in memory`);
    return { type, address: address(), ...(bits === undefined ? {} : { bits }) };
  }

  #after(item: Item, hexadecimal: boolean): ShownVariable {
    this.#renderer = new Renderer(this.#view, this.#types);
    return this.#shown(item, hexadecimal);
  }

  #child(reference: number, name: string): Item {
    const container = this.#container(reference);
    const index = /^\[(\d+)\]$/.exec(name)?.[1];
    const indexed = index === undefined ? [] : container.items('indexed', Number(index), 1);
    const items = [...container.items('named', 0, container.named), ...indexed];
    const item = items.find((each) => each.name === name);
    if (item === undefined) throw new Error(`there is no ${name} there`);
    return item;
  }

  #variableItems(variables: readonly PlacedVariable[], role: string | undefined): readonly Item[] {
    return variables.map((variable): Item => {
      const { name, address, declared, shadowed, line } = variable;
      const type = this.#types.byId(variable.type);
      const label = shadowed ? `${name} (line ${line})` : name;
      if (address === 0 || !declared) {
        return { name: label, type: type.name, missing: `not declared yet (line ${line})` };
      }
      const reference = type.shape.kind === 'pointer' && type.name.endsWith('&');
      const at = reference ? Number(this.#renderer.memory.u64(address)) : address;
      const shownType = reference && type.shape.kind === 'pointer' ? type.shape.target : type;
      return {
        name: label,
        place: { type: shownType, address: at },
        ...(shadowed ? {} : { evaluateName: name }),
        ...(role === undefined || variable.parameter === 0 ? {} : { role }),
      };
    });
  }

  /** `EVT_VMB_CHANNEL_PROCESS_PACKET` of a callback that was declared with it. */
  #roleOf({ name }: DebugFrame): string | undefined {
    return this.#view.driver.callbacks.roles.find((role) => role.function === name)?.type;
  }

  #shown(item: Item, hexadecimal: boolean): ShownVariable {
    const { name, evaluateName, declaration, place } = item;
    const { text, container, memoryAddress } = this.#renderer.item(item, hexadecimal);
    const type = item.type ?? place?.type.name;
    const fixed =
      item.virtual === true ||
      item.missing !== undefined ||
      (place !== undefined && !isScalar(place.type) && place.type.shape.kind !== 'array');
    return {
      ...this.#withContainer({ name, value: text, ...(type === undefined ? {} : { type }) }, container),
      ...(evaluateName === undefined ? {} : { evaluateName }),
      ...(memoryAddress === undefined ? {} : { memoryReference: addressText(memoryAddress) }),
      ...(item.virtual === true || fixed ? { presentationHint: { attributes: ['readOnly'] } } : {}),
      ...(declaration === undefined ? {} : { declaration }),
    };
  }

  #withContainer<Shown extends object>(
    shown: Shown,
    container: Container | undefined,
  ): Shown & Pick<ShownVariable, 'variablesReference' | 'namedVariables' | 'indexedVariables'> {
    if (container === undefined) return { ...shown, variablesReference: 0 };
    const { named, indexed } = container;
    return {
      ...shown,
      variablesReference: this.#reference(container),
      ...(named > 0 ? { namedVariables: named } : {}),
      ...(indexed > 0 ? { indexedVariables: indexed } : {}),
    };
  }

  #reference(container: Container): number {
    return this.#containers.push(container);
  }

  #container(reference: number): Container {
    const container = this.#containers[reference - 1];
    if (container === undefined) throw new Error('these values are gone: the run has gone on');
    return container;
  }
}

function found(name: string, address: number, size: number, bits: boolean): PlaceFound {
  const bytes = size === 1 ? '1 byte' : `${size} bytes`;
  const unit = bits ? ', with its neighbours in the same unit' : '';
  return { address, size, description: `${name} (${bytes} at ${addressText(address)}${unit})` };
}
