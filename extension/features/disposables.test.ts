import { describe, expect, it } from 'vitest';
import { Disposables } from './disposables.js';

describe('a store of disposables', () => {
  it('gives back in reverse order, once', () => {
    const store = new Disposables();
    const given: string[] = [];
    for (const name of ['a', 'b', 'c']) store.add({ dispose: () => given.push(name) });
    expect(store.disposed).toBe(false);
    store.dispose();
    store.dispose();
    expect(given).toEqual(['c', 'b', 'a']);
    expect(store.disposed).toBe(true);
  });

  it('gives back late arrivals at once', () => {
    const store = new Disposables();
    store.dispose();
    let given = 0;
    store.add({ dispose: () => (given += 1) });
    expect(given).toBe(1);
  });
});
