/** Object-like macros of the driver's files: debug information has none, and people write them in watches. */

const DEFINE = /^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)[ \t]+(\S.*)$/gm;
const LONGEST = 200;

/** Text without comments, lines that end in a backslash joined. */
function plain(text: string): string {
  return text
    .replace(/\\\r?\n/g, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\/\/[^\n]*/g, '')
    .replaceAll('\r', '');
}

/** Of a name defined twice the first definition; what stands for nothing, or for a statement, is left out. */
export function macrosOf(texts: Iterable<string>): readonly (readonly [string, string])[] {
  const macros = new Map<string, string>();
  for (const text of texts) {
    for (const [, name = '', body = ''] of plain(text).matchAll(DEFINE)) {
      const value = body.trim();
      if (value.length <= LONGEST && !/[;{}#]/.test(value) && !macros.has(name)) macros.set(name, value);
    }
  }
  return [...macros];
}
