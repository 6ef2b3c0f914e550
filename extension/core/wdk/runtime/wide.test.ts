import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRuntimeModule } from '../../../../test/support/runtimeModule.js';

const module = buildRuntimeModule(
  {
    'driver.c': `
    typedef unsigned long long UINT64;
    void __multi3(UINT64 *, UINT64, UINT64, UINT64, UINT64);
    UINT64 low(UINT64 a, UINT64 ah, UINT64 b, UINT64 bh) { UINT64 r[2]; __multi3(r, a, ah, b, bh); return r[0]; }
    UINT64 high(UINT64 a, UINT64 ah, UINT64 b, UINT64 bh) { UINT64 r[2]; __multi3(r, a, ah, b, bh); return r[1]; }
    int overflows(UINT64 a, UINT64 b) { return a != 0 && a * b / a != b; }
    `,
  },
  { optimize: 2, checked: false },
);
const mask = (1n << 64n) - 1n;
const word = fc.bigInt({ min: 0n, max: mask });

describe('wide multiplication', () => {
  const instance = module.start();
  const unsigned = (name: string, ...parameters: bigint[]) =>
    BigInt.asUintN(64, instance.call(name, ...parameters) as bigint);

  it('equals exact arithmetic modulo 2^128', () => {
    fc.assert(
      fc.property(word, word, word, word, (a, ah, b, bh) => {
        const product = BigInt.asUintN(128, ((ah << 64n) | a) * ((bh << 64n) | b));
        expect(unsigned('low', a, ah, b, bh)).toBe(product & mask);
        expect(unsigned('high', a, ah, b, bh)).toBe(product >> 64n);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('serves the overflow check the optimiser makes of a multiplication and a division', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(instance.call('overflows', a, b)).toBe(a * b > mask ? 1 : 0);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
