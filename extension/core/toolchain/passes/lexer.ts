/**
 * Reading IR text without being fooled by it. Strings (`c"..."`, quoted names, metadata strings) never contain an
 * unescaped quote: LLVM writes it as `\22`, so `"[^"]*"` is exactly one string.
 */

/** Characters of an unquoted `@name` or `%name`. */
const NAME = /[-a-zA-Z$._0-9]*/y;

/** The symbol token (`@name` or `@"quoted name"`, same for `%` and `$`) that starts at `start`. */
export function nameTokenAt(text: string, start: number): string {
  if (text.charCodeAt(start + 1) === 34) {
    return text.slice(start, text.indexOf('"', start + 2) + 1);
  }
  NAME.lastIndex = start + 1;
  NAME.test(text);
  return text.slice(start, NAME.lastIndex);
}

/** What a token names: `@"a\22b"` → `a"b`; the `\01` that stops further mangling is dropped. */
export function nameOf(token: string): string {
  let name = token.slice(1);
  if (name.startsWith('"')) {
    name = decodeString(name.slice(1, -1));
  }
  return name.charCodeAt(0) === 1 ? name.slice(1) : name;
}

/** The token for a plain name under a sigil. */
export function tokenOf(sigil: '@' | '%' | '$', name: string): string {
  return /^[-a-zA-Z$._][-a-zA-Z$._0-9]*$/.test(name) ? sigil + name : `${sigil}"${encodeString(name)}"`;
}

/** Bytes of an IR string without its quotes, read as UTF-8. */
export function decodeString(text: string): string {
  if (!text.includes('\\')) {
    return text;
  }
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text.charAt(i) === '\\') {
      if (text.charAt(i + 1) === '\\') {
        bytes.push(92);
        i++;
        continue;
      }
      bytes.push(Number.parseInt(text.slice(i + 1, i + 3), 16));
      i += 2;
      continue;
    }
    bytes.push(...new TextEncoder().encode(text.charAt(i)));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/** The inverse of `decodeString`: safe between quotes. */
export function encodeString(text: string): string {
  let out = '';
  for (const byte of new TextEncoder().encode(text)) {
    const plain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92;
    out += plain ? String.fromCharCode(byte) : `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/**
 * A function that replaces each match of `pattern` that does not begin inside a string; `pattern` has no groups of its
 * own.
 */
export function outsideStrings(pattern: RegExp, replace: (match: string) => string): (text: string) => string {
  const plain = new RegExp(pattern.source, 'g');
  const either = new RegExp(`"[^"]*"|${pattern.source}`, 'g');
  return (text) =>
    text.includes('"')
      ? text.replace(either, (match) => (match.startsWith('"') ? match : replace(match)))
      : text.replace(plain, replace);
}

/** Index of the bracket that closes the one at `open`; strings are skipped. `text.length` when none does. */
export function closingBracket(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 34: // "
        i = text.indexOf('"', i + 1);
        if (i < 0) {
          return text.length;
        }
        break;
      case 40: // (
      case 91: // [
      case 123: // {
      case 60: // <
        depth++;
        break;
      case 41: // )
      case 93: // ]
      case 125: // }
      case 62: // >
        depth--;
        if (depth === 0) {
          return i;
        }
        break;
    }
  }
  return text.length;
}

/** Parts of a list between commas that stand in no bracket and no string, trimmed; none for an empty list. */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 44) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    } else if (code === 34) {
      const end = text.indexOf('"', i + 1);
      i = end < 0 ? text.length : end;
    } else if (code === 40 || code === 91 || code === 123 || code === 60) {
      i = closingBracket(text, i);
    }
  }
  const last = text.slice(start).trim();
  if (last !== '') {
    parts.push(last);
  }
  return parts;
}

/**
 * Length of the type that `text` begins with: `i32`, `ptr`, `%struct.X`, `[4 x i8]`, `{ i32, ptr }`, `<4 x i32>`, `ptr
 * addrspace(1)`.
 */
export function typeLength(text: string): number {
  const first = text.charAt(0);
  if (first === '[' || first === '{' || first === '<') {
    return closingBracket(text, 0) + 1;
  }
  if (first === '%') {
    return nameTokenAt(text, 0).length;
  }
  const word = /^[a-z_][a-z_0-9]*(?: addrspace\(\d+\))?/.exec(text);
  return word === null ? 0 : word[0].length;
}

/** Every `@name` token of a text, in order, repeats included; strings other than quoted names are skipped. */
export function symbolsIn(text: string): string[] {
  const found: string[] = [];
  let at = text.indexOf('@');
  if (at < 0) {
    return found;
  }
  const quote = text.indexOf('"');
  if (quote < 0) {
    for (; at >= 0; at = text.indexOf('@', at + 1)) {
      found.push(nameTokenAt(text, at));
    }
    return found;
  }
  for (let i = Math.min(at, quote); i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 64) {
      const token = nameTokenAt(text, i);
      found.push(token);
      i += token.length - 1;
    } else if (code === 34) {
      const end = text.indexOf('"', i + 1);
      i = end < 0 ? text.length : end;
    }
  }
  return found;
}
