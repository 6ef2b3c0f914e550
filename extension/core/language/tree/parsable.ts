/**
 * C as a grammar without a preprocessor can read it: annotations and modifiers that are macros become spaces, and macros
 * that stand for a function's head become one. Every character keeps its offset and every line its number.
 */

/** A macro of file level that was taken out or rewritten, where it is in the text. */
export interface MacroUse {
  readonly name: string;
  /** Operands as written, trimmed. */
  readonly operands: readonly string[];
  /** From the first character of the name to behind the closing parenthesis. */
  readonly start: number;
  readonly end: number;
  /** Of the first operand; the parenthesis where there is none. */
  readonly operandStart: number;
}

export interface ParsableText {
  readonly code: string;
  readonly macros: readonly MacroUse[];
}

const COMMENT = '\\/\\*(?:[^*]|\\*(?!\\/))*(?:\\*\\/|$)|\\/\\/(?:[^\\n\\\\]|\\\\[\\s\\S])*';
const LITERAL =
  '\\bR"([^()\\\\\\s]{0,16})\\([\\s\\S]*?\\)\\1"|"(?:[^"\\\\\\n]|\\\\[\\s\\S])*"?|\'(?:[^\'\\\\\\n]|\\\\.)*\'?';
/** With the lines a backslash joins to it. */
const DIRECTIVE = '^[ \\t]*#(?:\\/\\*(?:[^*]|\\*(?!\\/))*\\*\\/|\\\\\\r?\\n|[^\\n])*';
/** SAL of both generations (kmcl-facts 8.5). */
const ANNOTATION = '_[A-Z]\\w*_|__(?:in|out|inout|deref|drv|field|callback|reserved|checkReturn|success)(?:_\\w+)?';
const MODIFIER =
  'NTAPI|NTSYSAPI|NTSYSCALLAPI|NTKERNELAPI|NTHALAPI|WINAPI|CALLBACK|APIENTRY|FASTCALL|DDKAPI|DDKCDECLAPI|DECLSPEC_\\w+|' +
  '__declspec|__pragma|_Pragma|__cdecl|__stdcall|__fastcall|__vectorcall|__thiscall|UNALIGNED|__unaligned|' +
  'RESTRICTED_POINTER|EXTERN_C_START|EXTERN_C_END|IN|OUT|OPTIONAL|[A-Z][A-Z0-9_]*API(?!\\s*\\()';
const REPLACED: Readonly<Record<string, string>> = {
  FORCEINLINE: 'inline',
  CFORCEINLINE: 'inline',
  EXTERN_C: 'extern',
  CONST: 'const',
  // `F(VOID)` would be a variable of type F.
  VOID: 'void',
  VOLATILE: 'volatile',
};
/** Macros that stand for the head of a function, with the type it returns; `VSPLAB_` is longer than any of these. */
const HEADS: Readonly<Record<string, string>> = {
  VSPLAB_TEST: 'void',
  VSPLAB_SETUP: 'void',
  VSPLAB_TEARDOWN: 'void',
  VSPLAB_CONTEXT: 'PVOID',
};
/** Macros that are whole declarations, with or without a semicolon behind them. */
const DECLARATION = 'VSPLAB_TRANSIENT|WDF_DECLARE_\\w+';

const WORDS = [ANNOTATION, MODIFIER, ...Object.keys(REPLACED), ...Object.keys(HEADS), DECLARATION].join('|');
const TOKEN = new RegExp(`${COMMENT}|${LITERAL}|${DIRECTIVE}|\\b(?:${WORDS})\\b`, 'gm');
/** `extern "C" {` or its end, alone between conditionals: braces of C++ that a C file does not have. */
const LINKAGE =
  /^([ \t]*#[ \t]*if[^\n]*__cplusplus[^\n]*\n)([ \t]*(?:extern[ \t]+"C"[ \t\r\n]*\{|\}[^\n#]*)[ \t\r]*\n)(?=[ \t]*#[ \t]*endif)/gm;

const isDeclaration = new RegExp(`^(?:${DECLARATION})$`);

export function spaces(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}

export function parsableText(text: string): ParsableText {
  const macros: MacroUse[] = [];
  const pieces: string[] = [];
  let done = 0;
  const put = (start: number, end: number, piece: string): void => {
    pieces.push(text.slice(done, start), piece);
    done = end;
  };
  for (const match of text.matchAll(TOKEN)) {
    const [word] = match;
    const start = match.index;
    const first = word.charCodeAt(0);
    if (start < done || !isWordStart(first) || word.endsWith('"')) continue;
    const nameEnd = start + word.length;
    const replaced = REPLACED[word];
    if (replaced !== undefined) {
      put(start, nameEnd, replaced.padEnd(word.length));
      continue;
    }
    const open = skipSpace(text, nameEnd);
    const close = text.charAt(open) === '(' ? closingParenthesis(text, open) : undefined;
    const use = close === undefined ? undefined : macroUse(text, { word, start, open, close });
    const returned = HEADS[word];
    if (returned !== undefined) {
      if (use === undefined) continue;
      macros.push(use);
      put(start, use.end, head(returned, use, text.slice(start, use.end)));
    } else if (isDeclaration.test(word)) {
      if (use === undefined) continue;
      macros.push(use);
      put(start, use.end, spaces(text.slice(start, use.end)));
    } else {
      const end = close === undefined ? nameEnd : close + 1;
      put(start, end, spaces(text.slice(start, end)));
    }
  }
  pieces.push(text.slice(done));
  const code = pieces.join('');
  return {
    code: code.includes('__cplusplus')
      ? code.replace(LINKAGE, (_all, before: string, braces: string) => before + spaces(braces))
      : code,
    macros,
  };
}

function isWordStart(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1;
  return at;
}

/** Of the parenthesis at `open`; undefined where a statement or block begins or ends before it closes. */
function closingParenthesis(text: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '(') depth += 1;
    else if (char === ')') {
      depth -= 1;
      if (depth === 0) return at;
    } else if (char === '"') {
      at += 1;
      while (at < text.length && !/["\n]/.test(text.charAt(at))) at += text.charAt(at) === '\\' ? 2 : 1;
    } else if (char === ';' || char === '{' || char === '}') return undefined;
  }
  return undefined;
}

interface Found {
  readonly word: string;
  readonly start: number;
  readonly open: number;
  readonly close: number;
}

function macroUse(text: string, { word, start, open, close }: Found): MacroUse {
  const inside = text.slice(open + 1, close);
  const operands = inside.trim() === '' ? [] : inside.split(',').map((operand) => operand.trim());
  const operandStart = operands.length === 0 ? open : skipSpace(text, open + 1);
  return { name: word, operands, start, end: close + 1, operandStart };
}

/** `VSPLAB_TEST(Name)` → `void       Name() `: as long, and on as many lines. */
function head(returned: string, { name, operands }: MacroUse, written: string): string {
  const called = operands[0] !== undefined && /^\w+$/.test(operands[0]) ? operands[0] : name.slice('VSPLAB_'.length);
  const line = `${returned} ${called}()`;
  const breaks = written.slice(name.length).replace(/[^\r\n]/g, '');
  return line.padEnd(written.length - breaks.length).slice(0, written.length - breaks.length) + breaks;
}
