/**
 * Records that another target lays out otherwise (information only): a state saved on x64 may be restored on ARM64.
 * Both are LLP64 with the same alignments, so only sources that ask for their target can differ: others are not
 * compiled twice.
 */
import { readDebugInfo } from './debugInfo.js';
import type { Diagnostic, RecordUse, TypeInfo } from './module.js';
import { DebugInfo } from './passes/locations.js';
import { parseModule } from './passes/module.js';
import type { Lookups } from './toolFiles.js';

const ASKS = /\b_?_?(?:M_ARM64|M_AMD64|M_X64|ARM64_?|AMD64_?|aarch64__|x86_64__)\b/;

type RecordType = TypeInfo & { readonly kind: 'record' };

/** Whether a file of the project asks which target it is compiled for; our headers do not count. */
export function asksForTarget({ read }: Lookups): boolean {
  const text = new TextDecoder();
  return [...read].some(([path, bytes]) => !path.startsWith('/<') && ASKS.test(text.decode(bytes)));
}

function recordsByName(types: readonly TypeInfo[]): ReadonlyMap<string, RecordType> {
  return new Map(types.flatMap((type) => (type.kind === 'record' && type.name !== '' ? [[type.name, type]] : [])));
}

/** The first difference of a record, in words. */
function difference(here: RecordType, there: RecordType): string | undefined {
  for (const field of here.fields) {
    const other = there.fields.find(({ name }) => name === field.name);
    if (other === undefined) return `${field.name} is on x64 only`;
    if (other.offset !== field.offset)
      return `${field.name} lies at byte ${field.offset} on x64 and at byte ${other.offset} on ARM64`;
  }
  return here.size === there.size ? undefined : `it has ${here.size} bytes on x64 and ${there.size} bytes on ARM64`;
}

/** Remarks on the records that memory is written through, by the IR of the same unit for ARM64. */
export function layoutRemarks(
  types: readonly TypeInfo[],
  uses: readonly RecordUse[],
  otherIr: string,
  file: string,
): readonly Diagnostic[] {
  const module = parseModule(otherIr);
  const others = recordsByName(readDebugInfo(module, new DebugInfo(module.metadata, (path) => path)).types);
  const used = new Set(uses.flatMap((use) => ('type' in use ? [types[use.type]?.name ?? ''] : [])));
  return [...recordsByName(types)].flatMap(([name, record]) => {
    const other = used.has(name) ? others.get(name) : undefined;
    const what = other === undefined ? undefined : difference(record, other);
    return what === undefined
      ? []
      : [
          {
            severity: 'note',
            message: `${name} is laid out otherwise on ARM64: ${what}; a state saved on one cannot be read as it stands on the other`,
            file,
            line: 1,
            column: 1,
          },
        ];
  });
}
