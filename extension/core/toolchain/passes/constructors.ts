/**
 * Static construction stays in `llvm.global_ctors`, from which the linker makes `__wasm_call_ctors`. On Windows the
 * pointer to the constructor of an inline variable or a static of a template is folded with the variable, so that one
 * unit runs it; here a flag that is folded in the same way does.
 */

import type { PassContext } from './context.js';
import { nameOf, nameTokenAt, splitList, tokenOf } from './lexer.js';
import type { IrModule } from './module.js';

export function constructors(module: IrModule, _context: PassContext): void {
  const list = module.globals.find((g) => g.name === '@llvm.global_ctors');
  if (list === undefined) {
    return;
  }
  const open = list.rest.indexOf('] [') + 3;
  const entries = splitList(list.rest.slice(open, list.rest.lastIndexOf(']'))).map((entry) => {
    const parts = splitList(entry.slice(entry.lastIndexOf('{') + 1, -1));
    const key = parts[2]?.replace(/^ptr /, '') ?? 'null';
    const initializer = parts[1]?.replace(/^ptr /, '') ?? 'null';
    return key === 'null' || !key.startsWith('@')
      ? entry
      : `{ i32, ptr, ptr } { ${parts[0]}, ptr ${once(module, key, initializer)}, ptr null }`;
  });
  list.rest = `${list.rest.slice(0, open)}${entries.join(', ')}]`;
}

function once(module: IrModule, key: string, initializer: string): string {
  const variable = nameOf(nameTokenAt(key, 0));
  const flag = `vsp.constructed.${variable}`;
  const wrapper = tokenOf('@', `vsp.construct.${variable}`);
  module.comdats.push(`${tokenOf('$', flag)} = comdat any`);
  module.globals.push({ name: tokenOf('@', flag), rest: 'linkonce_odr global i8 0, comdat, align 1' });
  module.functions.push({
    name: wrapper,
    header: `define internal void ${wrapper}()`,
    blocks: [
      {
        label: 'entry',
        instructions: [
          `%done = load i8, ptr ${tokenOf('@', flag)}, align 1`,
          '%again = icmp ne i8 %done, 0',
          'br i1 %again, label %end, label %construct',
        ],
      },
      {
        label: 'construct',
        instructions: [`store i8 1, ptr ${tokenOf('@', flag)}, align 1`, `call void ${initializer}()`, 'br label %end'],
      },
      { label: 'end', instructions: ['ret void'] },
    ],
  });
  return wrapper;
}
