/**
 * Left redzones of globals. The sanitizer puts a redzone behind each global it checks, which is also what lies before
 * the next one; before the first of each section lies what the linker put there. A checked global whose neighbour of
 * the same section is none gets a redzone of its own before it, which the unit's constructor closes
 * (wdk/runtime/asan.c, vsp_left_redzone).
 */

import type { PassContext } from './context.js';
import { declare, type IrFunction, type IrGlobal, type IrModule } from './module.js';

/** Equals VSP_LEFT_REDZONE of asan.c; what the sanitizer aligns globals to. */
const REDZONE = 32;
const CONSTRUCTOR = '@asan.module_ctor';
const REGISTER = 'call void @__asan_register_globals(i64 ptrtoint (ptr ';
const ADDRESS_FIRST = /\{ i64 ptrtoint \(ptr (@(?:"[^"]*"|[-a-zA-Z$._0-9]+)) to i64\)/g;

type Section = 'constant' | 'zeroed' | 'set';

/** What a redzone is made of so that it lands in the section: zeroes go with zeroes, all else does not. */
const CONTENT: Readonly<Record<Section, string>> = {
  constant: `constant [${REDZONE} x i8] zeroinitializer`,
  zeroed: `global [${REDZONE} x i8] zeroinitializer`,
  set: `global [${REDZONE} x i8] c"\\01${'\\00'.repeat(REDZONE - 1)}"`,
};

/** Undefined for a declaration, and for a section of its own name: its layout is the driver's. */
function sectionOf({ rest }: IrGlobal): Section | undefined {
  const kind = /(?:^|\s)(constant|global)\s/.exec(rest)?.[1];
  if (kind === undefined || /(?:^|\s)(?:external|extern_weak|thread_local)\s/.test(rest) || /, section "/.test(rest)) {
    return undefined;
  }
  if (kind === 'constant') return 'constant';
  return /\szeroinitializer(?:,|$)|\s(?:0|null|0x0+|false),/.test(rest) && !rest.includes('{ <{') ? 'zeroed' : 'set';
}

/** Names of the globals that the unit registers. */
function checkedGlobals(module: IrModule, start: IrFunction): ReadonlySet<string> {
  const call = start.blocks.flatMap(({ instructions }) => instructions).find((text) => text.startsWith(REGISTER));
  const list = call?.slice(REGISTER.length).split(' to i64')[0];
  const { rest = '' } = module.globals.find(({ name }) => name === list) ?? {};
  return new Set([...rest.matchAll(ADDRESS_FIRST)].map(([, name = '']) => name));
}

export function globalRedzones(module: IrModule, { options }: PassContext): void {
  const start = module.functions.find(({ name }) => name === CONSTRUCTOR);
  if (!options.checked || start === undefined) return;
  const checked = checkedGlobals(module, start);
  const closed = new Set<Section>();
  const added: string[] = [];
  module.globals = module.globals.flatMap((each) => {
    const section = sectionOf(each);
    if (section === undefined) return [each];
    if (!checked.has(each.name)) {
      closed.delete(section);
      return [each];
    }
    if (closed.has(section)) return [each];
    closed.add(section);
    const name = `@vsp.redzone.${added.length}`;
    added.push(name);
    return [{ name, rest: `internal ${CONTENT[section]}, align ${REDZONE}` }, each];
  });
  if (added.length === 0) return;
  declare(module, '@vsp_left_redzone', 'declare void @vsp_left_redzone(i64)');
  start.blocks[0]?.instructions.unshift(
    ...added.map((name) => `call void @vsp_left_redzone(i64 ptrtoint (ptr ${name} to i64))`),
  );
}
