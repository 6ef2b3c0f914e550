/** A new value for something in memory. */
import type { Compiled } from '../expressions/compile.js';
import { convert } from '../expressions/convert.js';
import { tokensOf } from '../expressions/lexer.js';
import { type Memory, storeScalar } from '../expressions/memory.js';
import { isArithmetic, isPointer, isScalar } from '../expressions/types.js';
import type { Place } from './items.js';

/** `compiled` is the value's expression, undefined where `text` is a string literal. Throws an Error for the user. */
export function assign(memory: Memory, place: Place, name: string, compiled: Compiled | undefined, text: string): void {
  if (compiled === undefined) {
    assignText(memory, place, name, text.trim());
    return;
  }
  const { type, address, bits } = place;
  if (!isScalar(type)) throw new Error(`${name} is a '${type.name}': change its members`);
  const { value, type: from } = compiled;
  const fits = isScalar(from) && (isArithmetic(type) || !isArithmetic(from) || !from.name.includes('float'));
  if (value === undefined || !fits || (isPointer(type) && from.shape.kind === 'float')) {
    throw new Error(`'${from.name}' cannot be assigned to '${type.name}'`);
  }
  const now = value();
  const getter =
    typeof now === 'bigint' ? ({ big: true, get: () => now } as const) : ({ big: false, get: () => now } as const);
  storeScalar(memory, type, address, bits, convert(getter, from, type).get());
}

/** A text goes into an array of characters, with its zero where there is room. */
function assignText(memory: Memory, { type, address }: Place, name: string, text: string): void {
  const [token] = tokensOf(text);
  const { shape } = type;
  if (token?.kind !== 'string' || shape.kind !== 'array' || shape.element.shape.kind !== 'integer') {
    throw new Error(`a text can only be given to an array of characters, and ${name} is a '${type.name}'`);
  }
  const unit = shape.element.size;
  if (token.value.length > shape.count) {
    throw new Error(`${name} has room for ${shape.count} characters, the text has ${token.value.length}`);
  }
  const bytes = new Uint8Array(Math.min(shape.count, token.value.length + 1) * unit);
  for (let index = 0; index < token.value.length; index++) {
    const code = token.value.charCodeAt(index);
    bytes[index * unit] = code & 0xff;
    if (unit > 1) bytes[index * unit + 1] = code >> 8;
  }
  memory.store(address, bytes);
}
