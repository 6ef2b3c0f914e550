import { expect, it } from 'vitest';
import { Edits } from './edits.js';
import type { Moment } from './goals.js';

const at = (event: number, incident = 0): Moment => ({ event, incident });
const edit = (moment: Moment, byte: number) => ({ moment, address: byte, bytes: Uint8Array.of(byte) });

function applied(edits: Edits, moment: Moment): number[] {
  const done: number[] = [];
  edits.applyUpTo(moment, ({ address }) => done.push(address));
  return done;
}

it('edits happen again at their time, in their order, once', () => {
  const edits = new Edits();
  edits.add(edit(at(5), 1));
  edits.add(edit(at(5), 2));
  edits.add(edit(at(9, 1), 3));
  expect(applied(edits, at(99))).toEqual([]);
  edits.rewind();
  expect(edits.nextEvent).toBe(5);
  expect(applied(edits, at(4))).toEqual([]);
  expect(applied(edits, at(5))).toEqual([1, 2]);
  expect(applied(edits, at(9))).toEqual([]);
  expect(applied(edits, at(9, 1))).toEqual([3]);
});

it('going before an edit undoes it, going to its moment does not', () => {
  const edits = new Edits();
  edits.add(edit(at(5), 1));
  edits.add(edit(at(8), 2));
  edits.dropAfter(at(5));
  edits.rewind();
  expect(applied(edits, at(99))).toEqual([1]);
  edits.dropAfter(at(4));
  expect(edits.count).toBe(0);
});

it('one made in between comes in between', () => {
  const edits = new Edits();
  edits.add(edit(at(8), 2));
  edits.rewind();
  edits.add(edit(at(5), 1));
  edits.rewind();
  expect(applied(edits, at(99))).toEqual([1, 2]);
});
