/** ring.c byte for byte against a naive model of kmcl-facts 9.1 and 9.4. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRuntimeModule, type RuntimeInstance } from '../../../test/support/runtimeModule.js';
import { productFolder } from '../../worker/toolchainFiles.js';

const PAGE = 4096;
const FOLDER = `${productFolder().replaceAll('\\', '/')}/extension/core/kmcl`;

const module = buildRuntimeModule({
  'driver.c': `
    #include "${FOLDER}/ring.c"
    struct vsp_ring ring;
    unsigned char buffer[65536], header[256];
    unsigned signalled;
    struct vsp_descriptor next;
    void *create(unsigned size) { vsp_ring_create(&ring, size); return ring.control; }
    void *payload(void) { return buffer; }
    unsigned was_signalled(void) { return signalled; }
    unsigned put(unsigned type, unsigned flags, unsigned long long id, unsigned extended, unsigned length) {
      return vsp_ring_write(&ring, type, flags, id, header, extended, buffer, length, &signalled);
    }
    unsigned peek(void) { return vsp_ring_peek(&ring, &next); }
    unsigned take(void) {
      if (!vsp_ring_peek(&ring, &next)) return 0;
      vsp_ring_copy(&ring, 0, buffer, next.length8 * 8u);
      vsp_ring_advance(&ring, &signalled);
      return next.length8 * 8u;
    }
    unsigned padding(void) { return vsp_ring_padding(&ring); }
    unsigned free_bytes(void) { return vsp_ring_free_bytes(&ring); }`,
});

/** The sheet's rules as plainly as they can be written. */
class NaiveRing {
  readonly size: number;
  readonly data: Uint8Array;
  in = 0;
  out = 0;
  interruptMask = 0;
  pendingSendSize = 0;

  constructor(size: number) {
    this.size = size;
    this.data = new Uint8Array(size);
  }

  get free(): number {
    return this.out > this.in ? this.out - this.in - 8 : this.size - (this.in - this.out) - 8;
  }

  /** Nothing when it does not fit, else whether the reader is signalled. */
  write(type: number, flags: number, id: bigint, extended: number, payload: Uint8Array): boolean | undefined {
    const length = Math.ceil((16 + extended + payload.length) / 8) * 8;
    if (length + 8 > this.free) {
      this.pendingSendSize = length + 8;
      return undefined;
    }
    const packet = new DataView(new ArrayBuffer(length + 8));
    packet.setUint16(0, type, true);
    packet.setUint16(2, (16 + extended) / 8, true);
    packet.setUint16(4, length / 8, true);
    packet.setUint16(6, flags, true);
    packet.setBigUint64(8, id, true);
    new Uint8Array(packet.buffer).set(payload, 16 + extended);
    packet.setUint32(length + 4, this.in, true);
    const signal = this.interruptMask === 0 && this.in === this.out;
    for (const byte of new Uint8Array(packet.buffer)) {
      this.data[this.in] = byte;
      this.in = (this.in + 1) % this.size;
    }
    this.pendingSendSize = 0;
    return signal;
  }

  /** The packet without its footer and whether the writer is signalled; nothing when the ring is empty. */
  read(): { packet: Uint8Array; signal: boolean } | undefined {
    if (this.in === this.out) {
      return undefined;
    }
    const byte = (offset: number) => this.data[(this.out + offset) % this.size] ?? 0;
    const length = (byte(4) | (byte(5) << 8)) * 8;
    const packet = Uint8Array.from({ length }, (_, offset) => byte(offset));
    const before = this.free;
    this.out = (this.out + length + 8) % this.size;
    const wanted = this.pendingSendSize & ~7;
    return { packet, signal: wanted !== 0 && before < wanted && this.free >= wanted };
  }
}

function start(size: number): {
  run: RuntimeInstance;
  at: number;
  payload: number;
  bytes: Uint8Array;
  words: DataView;
} {
  const run = module.start();
  const at = Number(run.call('create', size));
  const payload = Number(run.call('payload'));
  const { buffer } = run.view();
  return { run, at, payload, bytes: new Uint8Array(buffer), words: run.view() };
}

function control(words: DataView, at: number): { in: number; out: number; mask: number; pending: number } {
  const word = (index: number) => words.getUint32(at + index * 4, true);
  return { in: word(0), out: word(1), mask: word(2), pending: word(3) };
}

describe('ring layout (9.4)', () => {
  it('has its indices, masks and feature bits where the table says', () => {
    const { run, at, words } = start(PAGE);
    expect(control(words, at)).toEqual({ in: 0, out: 0, mask: 0, pending: 0 });
    expect(words.getUint32(at + 64, true)).toBe(1);
    expect(run.call('free_bytes')).toBe(PAGE - 8);
    run.call('put', 6, 1, 0x1122334455667788n, 0, 0);
    expect(control(words, at).in).toBe(24);
  });

  it('writes the smallest packet as 16 bytes of descriptor and 8 of footer (9.1)', () => {
    const { run, at, bytes } = start(PAGE);
    run.call('put', 6, 1, 0x1122334455667788n, 0, 0);
    run.call('put', 0xb, 0, 2n, 0, 3);
    expect([...bytes.subarray(at + PAGE, at + PAGE + 24)]).toEqual([
      6, 0, 2, 0, 2, 0, 1, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    expect([...bytes.subarray(at + PAGE + 48, at + PAGE + 56)]).toEqual([0, 0, 0, 0, 24, 0, 0, 0]);
  });

  it('tells the padding beside the ring, not in it (A-20)', () => {
    const { run } = start(PAGE);
    for (const [length, padding] of [
      [1, 7],
      [8, 0],
      [13, 3],
    ] as const) {
      run.call('put', 6, 0, 1n, 0, length);
      expect(run.call('padding')).toBe(padding);
      run.call('take');
    }
  });

  it('keeps 8 bytes free so that full differs from empty', () => {
    const { run, at, words } = start(PAGE);
    expect(run.call('put', 6, 0, 1n, 0, PAGE - 8 - 24)).toBe(1);
    expect(run.call('free_bytes')).toBe(0);
    expect(control(words, at).in).toBe(PAGE - 8);
    expect(run.call('put', 6, 0, 1n, 0, 0)).toBe(0);
    expect(control(words, at).pending).toBe(24);
    run.call('take');
    expect(run.call('was_signalled')).toBe(1);
  });
});

describe('random traffic', () => {
  const operation = fc.oneof(
    fc.record({
      kind: fc.constant('put' as const),
      type: fc.constantFrom(6, 9, 0xb),
      flags: fc.constantFrom(0, 1),
      id: fc.bigInt(0n, (1n << 63n) - 1n),
      extended: fc.constantFrom(0, 8, 40),
      length: fc.oneof(fc.nat(64), fc.nat(3000)),
    }),
    fc.record({ kind: fc.constant('take' as const) }),
    fc.record({ kind: fc.constant('mask' as const), value: fc.constantFrom(0, 1) }),
  );

  it.each([PAGE, 3 * PAGE])('equals the naive model in every byte, wrap included, in a ring of %i bytes', (size) => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
        const { run, at, payload, bytes, words } = start(size);
        const naive = new NaiveRing(size);
        let seed = 1;
        for (const step of operations) {
          if (step.kind === 'mask') {
            naive.interruptMask = step.value;
            words.setUint32(at + 8, step.value, true);
          } else if (step.kind === 'put') {
            const content = Uint8Array.from({ length: step.length }, () => (seed = (seed * 31 + 7) % 251));
            bytes.set(content, payload);
            const expected = naive.write(step.type, step.flags, step.id, step.extended, content);
            expect(run.call('put', step.type, step.flags, step.id, step.extended, step.length)).toBe(
              expected === undefined ? 0 : 1,
            );
            expect(run.call('was_signalled')).toBe(expected === true ? 1 : 0);
          } else {
            const expected = naive.read();
            expect(run.call('take')).toBe(expected?.packet.length ?? 0);
            if (expected !== undefined) {
              expect(bytes.slice(payload, payload + expected.packet.length)).toEqual(expected.packet);
              expect(run.call('was_signalled')).toBe(expected.signal ? 1 : 0);
            }
          }
          expect(control(words, at)).toEqual({
            in: naive.in,
            out: naive.out,
            mask: naive.interruptMask,
            pending: naive.pendingSendSize,
          });
          expect(run.call('free_bytes')).toBe(naive.free);
        }
        expect(Buffer.compare(bytes.subarray(at + PAGE, at + PAGE + size), naive.data)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
