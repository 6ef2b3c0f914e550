import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EditLog, editOf, moveRange, type TextPosition, type TextRange } from './textTracking.js';

const at = (line: number, character: number): TextPosition => ({ line, character });
const range = (a: number, b: number, c: number, d: number): TextRange => ({ start: at(a, b), end: at(c, d) });
const move = (what: TextRange, where: TextRange, text: string) => moveRange(what, editOf(where, text));

/** The text after the edit, and where an offset of a text lies. */
function apply(text: string, where: TextRange, inserted: string): string {
  return text.slice(0, offsetOf(text, where.start)) + inserted + text.slice(offsetOf(text, where.end));
}

function offsetOf(text: string, { line, character }: TextPosition): number {
  const lines = text.split('\n');
  return lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
}

function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  return at(before.split('\n').length - 1, offset - before.lastIndexOf('\n') - 1);
}

describe('a range in an edited text', () => {
  const word = range(5, 4, 5, 10);

  it('stays where edits come behind it', () => {
    expect(move(word, range(5, 10, 5, 10), 'x')).toEqual(word);
    expect(move(word, range(6, 0, 7, 0), '')).toEqual(word);
  });

  it('moves with lines added and taken before it', () => {
    expect(move(word, range(1, 0, 1, 0), 'a\nb\n')).toEqual(range(7, 4, 7, 10));
    expect(move(word, range(1, 0, 3, 0), '')).toEqual(range(3, 4, 3, 10));
    expect(move(word, range(5, 0, 5, 0), '\r\n')).toEqual(range(6, 4, 6, 10));
  });

  it('moves along its line, and down when the line is broken before it', () => {
    expect(move(word, range(5, 0, 5, 2), 'abc')).toEqual(range(5, 5, 5, 11));
    expect(move(word, range(5, 4, 5, 4), '\n  ')).toEqual(range(6, 2, 6, 8));
  });

  it('grows and shrinks with edits inside it', () => {
    expect(move(word, range(5, 6, 5, 6), 'xy')).toEqual(range(5, 4, 5, 12));
    expect(move(word, range(5, 6, 5, 8), '')).toEqual(range(5, 4, 5, 8));
    expect(move(word, range(5, 8, 5, 12), 'z')).toEqual(range(5, 4, 5, 9));
  });

  it('is what replaced it on its line', () => {
    expect(move(word, range(5, 4, 5, 10), 'other')).toEqual(range(5, 4, 5, 9));
  });

  it('is gone when its line is deleted, emptied or replaced with its neighbours', () => {
    expect(move(word, range(5, 0, 6, 0), '')).toBeUndefined();
    expect(move(word, range(5, 0, 5, 20), '')).toBeUndefined();
    expect(move(word, range(4, 0, 9, 0), 'all\nnew\n')).toBeUndefined();
  });

  it('covers the same characters after any edit that leaves them alone', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n'), maxLength: 60 });
    fc.assert(
      fc.property(text, text, fc.nat(), fc.nat(), fc.nat(), fc.nat(), (before, inserted, a, b, c, d) => {
        const offsets = [a, b].map((each) => each % (before.length + 1)).sort((x, y) => x - y);
        const [from = 0, to = 0] = offsets;
        const where = { start: positionOf(before, from), end: positionOf(before, to) };
        const [first = 0, last = 0] = [c, d].map((each) => each % (before.length + 1)).sort((x, y) => x - y);
        fc.pre(first < last && (last <= from || first >= to));
        const moved = move({ start: positionOf(before, first), end: positionOf(before, last) }, where, inserted);
        const after = apply(before, where, inserted);
        expect(moved).toBeDefined();
        if (moved !== undefined) {
          expect(after.slice(offsetOf(after, moved.start), offsetOf(after, moved.end))).toBe(before.slice(first, last));
        }
      }),
    );
  });
});

describe('the edits of a text', () => {
  it('are applied from the time the range was made', () => {
    const log = new EditLog();
    log.push(editOf(range(0, 0, 0, 0), 'one\n'));
    const then = log.stamp;
    log.push(editOf(range(0, 0, 0, 0), 'two\n'));
    log.push(editOf(range(0, 0, 0, 0), 'three\n'));
    expect(log.move(range(4, 0, 4, 2), then)).toEqual(range(6, 0, 6, 2));
    expect(log.move(range(4, 0, 4, 2), log.stamp)).toEqual(range(4, 0, 4, 2));
  });

  it('are forgotten up to a time, and no earlier range is guessed', () => {
    const log = new EditLog();
    log.push(editOf(range(0, 0, 0, 0), 'one\n'));
    const then = log.stamp;
    log.push(editOf(range(0, 0, 0, 0), 'two\n'));
    log.forget(then);
    expect(log.move(range(1, 0, 1, 0), 0)).toBeUndefined();
    expect(log.move(range(1, 0, 1, 0), then)).toEqual(range(2, 0, 2, 0));
    expect(log.stamp).toBe(2);
  });

  it('move nothing once they were thrown away', () => {
    const log = new EditLog();
    const then = log.stamp;
    log.push(editOf(range(0, 0, 0, 0), 'one\n'));
    log.revert();
    expect(log.move(range(1, 0, 1, 0), then)).toEqual(range(1, 0, 1, 0));
    log.push(editOf(range(0, 0, 0, 0), 'two\n'));
    expect(log.move(range(1, 0, 1, 0), then)).toEqual(range(2, 0, 2, 0));
  });
});
