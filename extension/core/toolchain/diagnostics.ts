/**
 * Reads what clang and wasm-ld print. Every path we hand out is absolute and known, so plain text is exact: nothing
 * else starts like one of our lines.
 */
import type { Diagnostic } from './module.js';
import type { ToolFiles } from './toolFiles.js';

export interface DiagnosticContext {
  readonly files: ToolFiles;
  /** What the user calls a path of the tool's tree. */
  readonly pathOf: (path: string) => string;
}

type Place = { readonly file: string; readonly line: number; readonly column: number };

const LOCATED = /^(\/.*?):(\d+):(\d+): (fatal error|error|warning|note|remark): (.*)$/;
const BARE = /^(fatal error|error|warning): (.*)$/;
const INCLUDED = /^In file included from (\/.*):(\d+)(?::\d+)?[:,]$/;
const COUNT = /^\d+ (?:warning|error)s?(?: and \d+ errors?)? generated\.$/;
/** Notes that one message may bring; an include or template chain can be hundreds deep. */
const MAXIMUM_NOTES = 8;

const LONGEST = 500;

/** Errors, warnings and their notes, in the compiler's order. */
export function parseDiagnostics(output: string, context: DiagnosticContext): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const lines = new SourceLines(context.files);
  let included: Place[] = [];
  let notes = 0;
  for (const text of output.split('\n')) {
    const place = INCLUDED.exec(text);
    const located = LOCATED.exec(text);
    const bare = BARE.exec(text);
    if (place !== null) {
      included.push({ file: place[1] ?? '', line: Number(place[2]), column: 1 });
    } else if (located !== null) {
      const [, file = '', line, column, kind, message = ''] = located;
      const severity = severityOf(kind);
      notes = severity === 'note' ? notes + 1 : 0;
      if (notes <= MAXIMUM_NOTES) {
        diagnostics.push(at({ file, line: Number(line), column: Number(column) }, severity, message, lines, context));
      }
      if (severity !== 'note') {
        // clang prints the chain from the outside in; the innermost is what the reader wants first.
        const chain = included.reverse().filter((from, index) => !samePlace(from, included[index - 1]));
        for (const from of chain.slice(0, MAXIMUM_NOTES)) {
          diagnostics.push(at(from, 'note', 'included from here', lines, context));
        }
      }
      included = [];
    } else if (bare !== null) {
      diagnostics.push({ severity: severityOf(bare[1]), file: '', line: 0, column: 0, message: bare[2] ?? '' });
    } else if (text !== '' && !COUNT.test(text)) {
      appendTo(diagnostics, text);
    }
  }
  return diagnostics;
}

/** One diagnostic at a place of the tool's tree, with the line the user wrote there. */
export function diagnosticAt(
  place: Place,
  severity: Diagnostic['severity'],
  message: string,
  context: DiagnosticContext,
): Diagnostic {
  return at(place, severity, message, new SourceLines(context.files), context);
}

/** A message about a whole file. */
export function fileError(file: string, message: string): Diagnostic {
  return { severity: 'error', file, line: 0, column: 0, message };
}

/** A mistake in a header is one mistake, however many units include it: repeats go, with their notes. */
export function withoutRepeats(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  let repeated = false;
  return diagnostics.filter((diagnostic) => {
    if (diagnostic.severity !== 'note') {
      const { severity, file, line, column, message } = diagnostic;
      const key = JSON.stringify([severity, file, line, column, message]);
      repeated = seen.has(key);
      seen.add(key);
    }
    return !repeated;
  });
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}

/** `file:line:col: message` with the source line below it, as `vsp-lab run` prints compile errors (interfaces 2). */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const place = [diagnostic.file, diagnostic.line, diagnostic.column]
    .filter((part) => part !== '' && part !== 0)
    .join(':');
  const severity = diagnostic.severity === 'error' ? '' : `${diagnostic.severity}: `;
  const head = `${place === '' ? '' : `${place}: `}${severity}${diagnostic.message}`;
  return diagnostic.sourceLine === undefined ? head : `${head}\n    ${diagnostic.sourceLine.trim()}`;
}

function at(
  place: Place,
  severity: Diagnostic['severity'],
  message: string,
  lines: SourceLines,
  context: DiagnosticContext,
): Diagnostic {
  const sourceLine = lines.get(place.file, place.line);
  return {
    severity,
    file: context.pathOf(place.file),
    line: place.line,
    column: sourceLine === undefined ? place.column : columnOf(sourceLine, place.column),
    message: clip(message.replace(/ \[-W[^\]]*\]$/, '')),
    ...(sourceLine === undefined ? {} : { sourceLine }),
  };
}

/** A generated line of megabytes, or the name of a template within templates, helps nobody. */
function clip(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`;
}

function samePlace(a: Place, b: Place | undefined): boolean {
  return a.file === b?.file && a.line === b.line;
}

/** clang counts bytes of UTF-8; we count UTF-16 units, as editors do. */
function columnOf(line: string, byteColumn: number): number {
  let bytes = 1;
  let column = 1;
  for (const character of line) {
    if (bytes >= byteColumn) {
      break;
    }
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    column += character.length;
  }
  return column;
}

function severityOf(kind: string | undefined): Diagnostic['severity'] {
  return kind === 'error' || kind === 'fatal error' ? 'error' : kind === 'warning' ? 'warning' : 'note';
}

/** A line that starts no message continues the one before: messages may quote user text with line breaks. */
function appendTo(diagnostics: Diagnostic[], text: string): void {
  const last = diagnostics.pop();
  if (last !== undefined) {
    diagnostics.push({ ...last, message: `${last.message}\n${text}` });
  }
}

class SourceLines {
  readonly #files: ToolFiles;
  readonly #lines = new Map<string, readonly string[] | undefined>();

  constructor(files: ToolFiles) {
    this.#files = files;
  }

  get(file: string, line: number): string | undefined {
    if (!this.#lines.has(file)) {
      this.#lines.set(file, this.#files.text(file)?.split(/\r\n|\r|\n/));
    }
    const text = this.#lines.get(file)?.[line - 1];
    return text === undefined ? undefined : clip(text);
  }
}
