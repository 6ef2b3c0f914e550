import { describe, expect, it } from 'vitest';
import { walked } from '../../../../../test/support/handIr.js';
import type { Check } from './check.js';
import type { Path } from './path.js';
import { PathKey } from './state.js';

const IR = `
declare ptr @Make(i32)
declare i32 @Status()
define i32 @f(i32 %x, ptr %p) {
entry:
  %q = call ptr @Make(i32 %x)
  %r = getelementptr i8, ptr %q, i64 8
  store i32 5, ptr %r
  %s = call i32 @Status()
  %c = icmp sge i32 %s, 0
  br i1 %c, label %good, label %bad
good:
  ret i32 0
bad:
  ret i32 %s
}
`;

/** What `look` answers whenever the function returns. */
function atEnd(look: (path: Path) => unknown, more: Check = {}): readonly unknown[] {
  const seen: unknown[] = [];
  walked(IR, { ...more, end: (_result, path) => seen.push(look(path)) });
  return seen;
}

describe('a path', () => {
  it('knows whether a status was a success', () => {
    let status: Parameters<NonNullable<Check['returned']>>[1];
    const seen = atEnd((path) => (status === undefined ? 'none' : path.succeeded(status)), {
      returned: ({ name }, result) => {
        if (name === 'Status') status = result;
      },
    });
    expect([...seen].sort()).toEqual([false, true]);
  });

  it('leads from an answer to what it points to, wherever into it', () => {
    const seen: string[] = [];
    atEnd(() => undefined, {
      write: ({ pointer, size }) => seen.push(`${pointer.region.name}+${pointer.offset}, ${size} bytes`),
    });
    expect(seen).toEqual(['Make+8, 4 bytes']);
  });

  it('keeps what a check notes on it, apart from other paths', () => {
    const notes = new PathKey<readonly string[]>([]);
    const seen = atEnd((path) => path.state.get(notes).join(), {
      compare: (predicate, _left, _right, _place, path) => {
        path.state.set(notes, [...path.state.get(notes), predicate]);
      },
    });
    expect(seen).toEqual(['sge', 'sge']);
  });

  it('reports nothing of code without lines', () => {
    const seen = atEnd((path) => [path.position(0), path.finding('out-flags', 0, 'x')]);
    expect(seen[0]).toEqual([undefined, undefined]);
  });
});
