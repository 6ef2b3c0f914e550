/** Findings in the table: rule, words, place with the user's line, the way there. */
import type { Finding } from './report.js';
import { type Style, type TableOptions, WIDTH } from './style.js';

/** Breaks at blanks; a word longer than the width stays whole. Further lines are indented by `hang`. */
export function wrap(text: string, width: number, hang = 0): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const indent = lines.length === 0 ? 0 : hang;
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(' '.repeat(indent) + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, ' '.repeat(lines.length === 0 ? 0 : hang) + line];
}

const SEVERITY_STYLE = { error: 'bad', warning: 'warn', info: 'quiet' } as const;

function where(finding: Finding): string {
  const parts = [
    finding.callback,
    finding.pass === null ? null : `${finding.pass} pass`,
    finding.packetIndex === null ? null : `packet ${finding.packetIndex}`,
    finding.channel === null ? null : `channel ${finding.channel}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** The user's line without its indentation, cut to the width; tabs would break the alignment. */
function shownSource(source: string, room: number): string {
  const text = source.trim().replaceAll('\t', ' ');
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

/** Names the way shows at most. */
const WAY = 12;

/** Functions from the finding outwards; a function that called itself stands once. */
function way(finding: Finding): string {
  const names = finding.callStack.map((entry) => entry.function).filter((name) => name !== '');
  const steps = names.filter((name, index) => name !== names[index - 1]);
  const shown = steps.length > WAY ? [...steps.slice(0, WAY - 1), '…', ...steps.slice(-1)] : steps;
  return names.length < 2 ? '' : shown.join(' < ');
}

export function* findingPieces(finding: Finding, options: TableOptions, style: Style): Generator<string> {
  const severity = style[SEVERITY_STYLE[finding.severity]](finding.severity);
  const context = where(finding);
  const suppressed = finding.suppressed ? ' (allowed)' : '';
  yield '';
  yield `  ${severity} ${style.strong(finding.rule)}${suppressed}`;
  yield* wrap(finding.message, WIDTH - 4).map((line) => `    ${line}`);
  if (context !== '') yield style.quiet(`    ${context}`);
  const { location } = finding;
  if (location !== null) {
    const inside = location.function === '' ? '' : ` in ${location.function}`;
    yield `    ${location.file}:${location.line}:${location.column}${inside}`;
    const source = options.sourceLine(location.file, location.line);
    if (source !== undefined && source.trim() !== '') {
      const gutter = `    ${String(location.line).padStart(6)} | `;
      yield `${style.quiet(gutter)}${shownSource(source, WIDTH - gutter.length)}`;
    }
  }
  const stack = way(finding);
  if (stack !== '') yield* wrap(stack, WIDTH - 4, 2).map((line) => style.quiet(`    ${line}`));
  for (const related of finding.related) {
    const at = related.location === null ? '' : ` (${related.location.file}:${related.location.line})`;
    yield* wrap(`also ${related.message}${at}`, WIDTH - 4, 2).map((line) => style.quiet(`    ${line}`));
  }
}
