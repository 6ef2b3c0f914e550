import { describe, expect, it } from 'vitest';
import { known, walked } from '../../../../../test/support/handIr.js';
import { LIMITS } from './machine.js';

/** A function `f` of an i32 and a pointer. */
function f(body: string, rest = ''): string {
  return `
declare void @Note(i32)
declare i32 @Ask()
declare ptr @Find()
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
${rest}
define i32 @f(i32 %x, ptr %p) {
entry:
${body}
}
`;
}

describe('the machine', () => {
  it('goes both ways where nothing decides, and knows what it went by', () => {
    const events = walked(
      f(`  %c = icmp ult i32 %x, 10
  br i1 %c, label %yes, label %no
yes:
  call void @Note(i32 %x)
  ret i32 1
no:
  call void @Note(i32 %x)
  ret i32 2`),
    );
    expect(events).toEqual(['Note(0..9)', 'return 1', 'Note(10..4294967295)', 'return 2']);
  });

  it('goes one way where a condition follows from another one', () => {
    const events = walked(
      f(`  %c = icmp eq i32 %x, 0
  br i1 %c, label %a, label %b
a:
  br label %join
b:
  br label %join
join:
  %y = phi i32 [ 5, %a ], [ 6, %b ]
  %d = icmp ne i32 %x, 0
  br i1 %d, label %c2, label %d2
c2:
  call void @Note(i32 %y)
  ret i32 0
d2:
  ret i32 %y`),
    );
    expect([...events].sort()).toEqual(['Note(6)', 'return 0', 'return 5']);
  });

  it('takes each case of a switch, and the rest', () => {
    const events = walked(
      f(`  switch i32 %x, label %other [
    i32 1, label %one
    i32 4, label %four
  ]
one:
  ret i32 10
four:
  ret i32 40
other:
  call void @Note(i32 %x)
  ret i32 0`),
    );
    expect(new Set(events)).toEqual(new Set(['return 10', 'return 40', 'Note(0|2..3|5..4294967295)', 'return 0']));
  });

  it('remembers what is stored, and walks into functions', () => {
    const events = walked(
      f(
        `  %v = alloca i32
  store i32 7, ptr %v
  %r = call i32 @twice(ptr %v)
  call void @Note(i32 %r)
  ret i32 %r`,
        `define internal i32 @twice(ptr %a) {
entry:
  %n = load i32, ptr %a
  %s = mul i32 %n, 2
  store i32 %s, ptr %a
  ret i32 %s
}`,
      ),
    );
    expect(events).toEqual(['Note(14)', 'return 14']);
  });

  it('goes round a loop a few times, and knows nothing of what it changes then', () => {
    const events = walked(
      f(`  %i = alloca i32
  store i32 0, ptr %i
  br label %head
head:
  %n = load i32, ptr %i
  %c = icmp ult i32 %n, %x
  br i1 %c, label %body, label %done
body:
  call void @Note(i32 %n)
  %m = add i32 %n, 1
  store i32 %m, ptr %i
  br label %head
done:
  ret i32 0`),
    );
    const notes = new Set(events.filter((each) => each.startsWith('Note')));
    expect([...notes].slice(0, 2)).toEqual(['Note(0)', 'Note(1)']);
    expect(notes.has('Note(2)')).toBe(false);
    expect(events.filter((each) => each === 'return 0').length).toBeGreaterThan(1);
  });

  it('counts with atomic operations', () => {
    const events = walked(
      f(`  %count = alloca i32
  store i32 1, ptr %count
  %a = atomicrmw add ptr %count, i32 2 seq_cst, align 4
  %b = atomicrmw volatile sub ptr %count, i32 1 seq_cst, align 4
  %old = atomicrmw xchg ptr %count, i32 9 seq_cst, align 4
  %now = load i32, ptr %count
  call void @Note(i32 %a)
  call void @Note(i32 %b)
  call void @Note(i32 %old)
  ret i32 %now`),
    );
    expect(events).toEqual(['Note(1)', 'Note(3)', 'Note(2)', 'return 9']);
  });

  it('tells of an address that may be NULL once, and ends where it is', () => {
    const nulls: string[] = [];
    const events = walked(
      f(`  %q = call ptr @Find()
  %v = load i32, ptr %q
  %w = load i32, ptr %q
  %c = icmp eq ptr %q, null
  br i1 %c, label %gone, label %there
gone:
  ret i32 1
there:
  ret i32 2`),
      { mayBeNull: ({ region }) => nulls.push(region.name) },
    );
    expect(nulls).toEqual(['Find']);
    expect(events).toEqual(['Find()', 'return 2']);
  });

  it('moves what is known with a copy', () => {
    const copies: string[] = [];
    const events = walked(
      f(`  %a = alloca [4 x i32]
  %b = alloca [4 x i32]
  %a1 = getelementptr [4 x i32], ptr %a, i64 0, i64 1
  store i32 33, ptr %a1
  call void @llvm.memcpy.p0.p0.i64(ptr %b, ptr %a, i64 16, i1 false)
  %b1 = getelementptr [4 x i32], ptr %b, i64 0, i64 1
  %n = load i32, ptr %b1
  ret i32 %n`),
      {
        write: ({ by, size, other }, path) =>
          copies.push(`${by} ${size} ${other === undefined ? '' : known(other, path)}`),
      },
    );
    expect(events.at(-1)).toBe('return 33');
    expect(copies.filter((each) => each.startsWith('memcpy'))).toHaveLength(1);
  });

  it('stops at its limits', () => {
    const forks = Array.from(
      { length: 12 },
      (_, n) => `  %a${n} = call i32 @Ask()
  %c${n} = icmp eq i32 %a${n}, 0
  br i1 %c${n}, label %y${n}, label %n${n}
y${n}:
  br label %j${n}
n${n}:
  br label %j${n}
j${n}:`,
    ).join('\n');
    const ir = f(`${forks}\n  ret i32 0`);
    const ends = (limits: typeof LIMITS): number => walked(ir, {}, limits).filter((each) => each === 'return 0').length;
    expect(ends({ ...LIMITS, paths: 4 })).toBeLessThan(ends(LIMITS) / 4);
    expect(ends({ ...LIMITS, instructions: 30 })).toBe(0);
    expect(ends(LIMITS)).toBeGreaterThan(100);
  });
});
