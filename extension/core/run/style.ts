/** What the parts of the table share: its width, its colours, what it needs from outside. */

/** Columns of the narrowest terminal it is made for. */
export const WIDTH = 80;

export interface TableOptions {
  readonly colour: boolean;
  /** A line of a file as the report names it, without its end; undefined when it cannot be read. */
  readonly sourceLine: (file: string, line: number) => string | undefined;
}

/** Colours of a terminal, or none. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly quiet: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
}

const ESCAPE = '\u001b[';

function sgr(code: number): (text: string) => string {
  return (text) => (text === '' ? '' : `${ESCAPE}${code}m${text}${ESCAPE}0m`);
}

const plain = (text: string): string => text;

export function paint(colour: boolean): Style {
  return colour
    ? { strong: sgr(1), quiet: sgr(2), good: sgr(32), bad: sgr(31), warn: sgr(33) }
    : { strong: plain, quiet: plain, good: plain, bad: plain, warn: plain };
}
