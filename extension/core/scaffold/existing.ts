/** What of the callbacks a file has already: nothing of it is written twice or changed. */
import { anchorsOf } from '../language/textAnchors.js';
import { callbackFacts } from '../toolchain/callbackFacts.js';
import { lineOf, type Outline } from './outline.js';
import { type ContextNames, speaksOf } from './ways.js';

export interface ExistingCallback {
  readonly name: string;
  /** From 1; 0 where it is only named. */
  readonly line: number;
  readonly isDefined: boolean;
}

export interface Existing {
  readonly save?: ExistingCallback;
  readonly restore?: ExistingCallback;
  /** Whether a call registers this pair. */
  readonly isRegistered: boolean;
  /** Roles that are declared. */
  readonly roles: ReadonlySet<string>;
  /** Identifiers of the code. */
  readonly identifiers: ReadonlySet<string>;
  /** Functions that are defined. */
  readonly functions: ReadonlySet<string>;
}

/** What the other sources of the folder have. */
export interface Elsewhere {
  readonly functions: ReadonlySet<string>;
  readonly registered: ReadonlySet<string>;
}

/** `record` is the name that a record of this context has or would have. */
export function existingIn(outline: Outline, context: ContextNames, record: string, elsewhere: Elsewhere): Existing {
  const { roles, registrations } = callbackFacts([{ file: '', text: outline.text }]);
  const functions = new Set(outline.items.flatMap(({ kind, name }) => (kind === 'function' ? [name] : [])));
  const anchors = anchorsOf(outline.text);
  const isOurs = (name: string): boolean =>
    speaksOf(outline, name, context) ||
    speaksOf(outline, name, { name: record, tag: `_${record}`, pointerName: `P${record}` });
  const defined = (kind: 'save' | 'restore'): ExistingCallback | undefined => {
    const found = anchors.find((anchor) => anchor.kind === kind && isOurs(anchor.name));
    return found === undefined ? undefined : { name: found.name, line: found.range.start.line + 1, isDefined: true };
  };
  const isNowhere = (name: string): boolean => !functions.has(name) && !elsewhere.functions.has(name);
  const save = defined('save');
  const restore = defined('restore');
  // A pair that is registered, and of which neither is another context's, is the one to be written.
  const pair = registrations.find(
    (each) =>
      each.save === save?.name || each.restore === restore?.name || (isNowhere(each.save) && isNowhere(each.restore)),
  );
  const promised = (kind: 'save' | 'restore', role: string): ExistingCallback | undefined => {
    if (pair !== undefined) return { name: pair[kind], line: pair.line, isDefined: false };
    const names = roles.filter(({ type, function: name }) => type === role && isNowhere(name));
    const [only] = names;
    return names.length === 1 && only !== undefined
      ? { name: only.function, line: only.line, isDefined: false }
      : undefined;
  };
  const savePromised = save ?? promised('save', 'EVT_VMB_CHANNEL_SAVE_PACKET');
  const restorePromised = restore ?? promised('restore', 'EVT_VMB_CHANNEL_RESTORE_PACKET');
  return {
    ...(savePromised === undefined ? {} : { save: savePromised }),
    ...(restorePromised === undefined ? {} : { restore: restorePromised }),
    isRegistered:
      pair !== undefined || [save, restore].some((each) => each !== undefined && elsewhere.registered.has(each.name)),
    roles: new Set(roles.map(({ function: name }) => name)),
    identifiers: new Set(outline.code.match(/[A-Za-z_]\w*/g) ?? []),
    functions,
  };
}

/** Line of the first use of a name in the code. */
export function firstUse({ code }: Outline, name: string): number {
  const found = new RegExp(`\\b${name}\\b`).exec(code);
  return found === null ? 0 : lineOf(code, found.index);
}
