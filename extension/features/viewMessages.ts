/** What the Packet Buffers page may say, checked as it enters. */
import * as v from 'valibot';
import type { CallName, FromView, ViewCalls } from '../../webview/protocol.js';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const key = v.pipe(v.string(), v.maxLength(4096));
/** A packet's bytes as text at the most. */
const text = v.pipe(v.string(), v.maxLength(64 << 20));

type Arguments = {
  readonly [Name in CallName]: v.GenericSchema<unknown, ViewCalls[Name]['argument']>;
};

const ARGUMENTS: Arguments = {
  packetBytes: v.strictObject({ driver: key, run: whole, channel: whole, packet: whole }),
  openSource: v.strictObject({ driver: key, file: key, line: whole, column: whole }),
  run: v.strictObject({ driver: v.nullable(key) }),
  cancel: v.null(),
  exportReport: v.strictObject({ format: v.picklist(['json', 'csv', 'html']) }),
  copy: v.strictObject({ text }),
  explainRule: v.strictObject({ rule: key }),
  travel: v.strictObject({ event: whole }),
  debugToFinding: v.strictObject({ driver: key, run: whole, finding: whole }),
  openDebugged: v.strictObject({ file: key, line: whole, column: whole }),
};

const NAMES = Object.keys(ARGUMENTS) as readonly CallName[];

const message = v.variant('kind', [
  v.strictObject({ kind: v.literal('ready'), protocol: v.number() }),
  v.strictObject({ kind: v.literal('shown'), driver: key }),
  v.strictObject({ kind: v.literal('call'), id: whole, name: v.picklist(NAMES), argument: v.unknown() }),
]);

export type Received =
  | { readonly kind: 'message'; readonly message: FromView }
  /** A call that can be answered, but not done. */
  | { readonly kind: 'refused'; readonly id: number; readonly reason: string }
  | { readonly kind: 'noise' };

export function parseFromView(data: unknown): Received {
  const parsed = v.safeParse(message, data);
  if (!parsed.success) return { kind: 'noise' };
  const { output } = parsed;
  if (output.kind !== 'call') return { kind: 'message', message: output };
  const { id, name } = output;
  const argument = v.safeParse(ARGUMENTS[name], output.argument);
  if (!argument.success) return { kind: 'refused', id, reason: `${name}: ${v.summarize(argument.issues)}` };
  // A name and its own argument, which the table above has just checked.
  return { kind: 'message', message: { kind: 'call', id, name, argument: argument.output } as FromView };
}
