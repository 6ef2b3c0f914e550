import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRuntimeModule } from '../../../../test/support/runtimeModule.js';

const HOST = 0;
const LASTING_ARENA = 1;
const TAG = 0x6c6f6f50;

const module = buildRuntimeModule({
  'driver.c': `
    #include <ntddk.h>
    int counter = 7;
    int initialised[4] = {1, 2, 3, 4};
    void touch(void) { counter++; initialised[2] = 30; }
    int state(void) { return counter * 100 + initialised[2]; }`,
});

describe('arenas', () => {
  it('keeps every block apart from every other, whatever is freed in between', () => {
    const operation = fc.oneof(
      fc.record({
        kind: fc.constant('allocate' as const),
        size: fc.oneof(fc.nat(200), fc.nat(5000), fc.nat(200_000)),
        arena: fc.constantFrom(HOST, LASTING_ARENA),
      }),
      fc.record({ kind: fc.constant('free' as const), pick: fc.nat() }),
      fc.record({ kind: fc.constant('restart' as const) }),
    );
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        fc.constantFrom(0 as const, 2 as const),
        (operations, checks) => {
          const run = module.start({ checks });
          let live: {
            readonly address: number;
            readonly size: number;
            readonly mark: number;
            readonly arena: number;
          }[] = [];
          let next = 0;
          for (const step of operations) {
            if (step.kind === 'allocate') {
              const address = Number(run.call('vsp_user_allocate', step.arena, BigInt(step.size), TAG));
              expect(address % 16).toBe(0);
              if (step.size >= 4096) {
                expect(address % 4096).toBe(0);
              }
              for (const other of live) {
                expect(address + step.size <= other.address || other.address + other.size <= address).toBe(true);
              }
              next = (next % 250) + 1;
              new Uint8Array(run.view().buffer, address, step.size).fill(next);
              live.push({ address, size: step.size, mark: next, arena: step.arena });
            } else if (step.kind === 'free' && live.length > 0) {
              const index = step.pick % live.length;
              const [gone] = live.splice(index, 1);
              run.call('vsp_user_free', gone?.arena ?? HOST, BigInt(gone?.address ?? 0));
            } else if (step.kind === 'restart') {
              run.call('vsp_restart_host');
              live = live.filter((block) => block.arena === LASTING_ARENA);
            }
            for (const block of live) {
              expect(
                new Uint8Array(run.view().buffer, block.address, block.size).every((byte) => byte === block.mark),
              ).toBe(true);
            }
          }
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it('zeroes internal memory, also when it was used before', () => {
    const run = module.start();
    for (const size of [1, 16, 129, 4096, 33_000, 200_000]) {
      for (const round of [1, 2]) {
        const address = Number(run.call('vsp_allocate', HOST, BigInt(size)));
        const bytes = new Uint8Array(run.view().buffer, address, size);
        expect([round, bytes.every((byte) => byte === 0)]).toEqual([round, true]);
        bytes.fill(0xff);
        run.call('vsp_free', HOST, BigInt(address), BigInt(size));
      }
    }
  });

  it('fills fresh driver memory with the fill byte', () => {
    const run = module.start({ fill: 0x5a });
    const address = Number(run.call('vsp_user_allocate', HOST, 500n, TAG));
    expect(new Uint8Array(run.view().buffer, address, 500).every((byte) => byte === 0x5a)).toBe(true);
  });

  it('reuses the memory of the host that went away, also for the lasting arena', () => {
    const run = module.start();
    const fillUp = (arena: number): void => {
      for (let i = 0; i < 20_000; i++) {
        run.call('vsp_allocate', arena, 1000n);
      }
    };
    fillUp(HOST);
    const before = run.view().byteLength;
    run.call('vsp_restart_host');
    fillUp(LASTING_ARENA);
    expect(run.view().byteLength).toBe(before);
  });

  it('costs at most 16 bytes per driver block when checks are off', () => {
    const run = module.start();
    run.call('vsp_user_allocate', HOST, 96n, TAG);
    const before = run.view().byteLength;
    for (let i = 0; i < 100_000; i++) {
      run.call('vsp_user_allocate', HOST, 96n, TAG);
    }
    expect((run.view().byteLength - before) / 100_000).toBeLessThan(96 + 16 + 16);
  });

  it('ends the test at the memory limit', () => {
    const run = module.start({ memoryLimit: 8n << 20n });
    let blocks = 0;
    const fault = (() => {
      for (;;) {
        try {
          run.call('vsp_user_allocate', HOST, 65_000n, TAG);
          blocks++;
        } catch (thrown) {
          return thrown;
        }
      }
    })();
    expect(fault).toMatchObject({ kind: 'out-of-memory', size: 65_000n });
    expect(blocks).toBeGreaterThan(50);
    expect(blocks).toBeLessThan(130);
    expect(run.view().byteLength).toBeLessThanOrEqual(8 << 20);
    const size = 1n << 50n;
    expect(run.faultOf('vsp_user_allocate', HOST, size, TAG)).toMatchObject({ kind: 'out-of-memory', size });
  });

  it('ends the test when the library itself runs out of memory', () => {
    const run = module.start({ memoryLimit: 8n << 20n });
    expect(run.faultOf('vsp_allocate', HOST, 1n << 30n)).toMatchObject({ kind: 'out-of-memory', size: 1n << 30n });
  });

  it('gives a new host the globals of the start', () => {
    const run = module.start({ checks: 2 });
    run.call('touch');
    expect(run.call('state')).toBe(830);
    run.call('vsp_restart_host');
    expect(run.call('state')).toBe(703);
  });
});
