import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldFormat, RecordField } from '../../extension/core/run/report.js';
import { decodeField, elementCount } from './decode.js';

const field = (type: string, size: number, format: FieldFormat, over: Partial<RecordField> = {}): RecordField => ({
  name: 'Value',
  type,
  offset: 0,
  size,
  format,
  ...over,
});

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const READERS = {
  1: (view: DataView, at: number, signed: boolean) => BigInt(signed ? view.getInt8(at) : view.getUint8(at)),
  2: (view: DataView, at: number, signed: boolean) =>
    BigInt(signed ? view.getInt16(at, true) : view.getUint16(at, true)),
  4: (view: DataView, at: number, signed: boolean) =>
    BigInt(signed ? view.getInt32(at, true) : view.getUint32(at, true)),
  8: (view: DataView, at: number, signed: boolean) =>
    signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true),
} as const;

describe('decodeField against DataView', () => {
  const sizes = fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8);
  const saved = fc.uint8Array({ minLength: 24, maxLength: 24 });

  it('reads integers of every width, signed and not, at every offset', () => {
    fc.assert(
      fc.property(saved, sizes, fc.boolean(), fc.nat(16), (data, size, signed, offset) => {
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        const value = READERS[size](view, offset, signed);
        const format = signed ? 'signed' : 'unsigned';
        const decoded = decodeField(field('INTEGER', size, format, { offset }), data);
        expect(decoded.text).toBe(`${value}`);
        expect(decoded.hex).toMatch(new RegExp(`^0x[0-9A-F]{${size * 2}}$`));
        expect(BigInt.asUintN(size * 8, BigInt(decoded.hex ?? ''))).toBe(BigInt.asUintN(size * 8, value));
      }),
    );
  });

  it('reads floats so that their digits give the same value again', () => {
    fc.assert(
      fc.property(saved, fc.constantFrom(4, 8), (data, size) => {
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        const value = size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
        const text = decodeField(field('FLOAT', size, 'float'), data).text;
        expect(size === 4 ? Math.fround(Number(text)) : Number(text)).toBe(value);
      }),
    );
  });

  it('reads a bit-field as a shift and a mask of its unit', () => {
    fc.assert(
      fc.property(
        saved,
        sizes,
        fc.nat(63),
        fc.integer({ min: 1, max: 64 }),
        fc.boolean(),
        (data, size, from, bits, signed) => {
          const start = from % (size * 8);
          const width = Math.min(bits, size * 8 - start);
          const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
          const masked = BigInt.asUintN(width, READERS[size](view, 0, false) >> BigInt(start));
          const value = signed ? BigInt.asIntN(width, masked) : masked;
          const format = signed ? 'signed' : 'unsigned';
          expect(decodeField(field('ULONG', size, format, { bits: { start, width } }), data).text).toBe(`${value}`);
        },
      ),
    );
  });

  it('answers for any field of any format, whatever the bytes and however few of them', () => {
    const formats: readonly FieldFormat[] = [
      'unsigned',
      'signed',
      'float',
      'enum',
      'pointer',
      'bytes',
      'text',
      'guid',
      'padding',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...formats),
        fc.nat(40),
        fc.nat(40),
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom('ULONG', 'UCHAR[16]', 'WCHAR[8]', 'ULONG[2][3]', ''),
        (format, offset, size, data, type) => {
          const decoded = decodeField(field(type, size, format, { offset }), data);
          expect(decoded.text.length).toBeLessThan(800);
          if (offset >= data.length && size > 0) expect(decoded).toEqual({ text: 'not saved', cut: true });
        },
      ),
    );
  });
});

describe('decodeField in the words of C', () => {
  it('names enumerators, joins single bits and shows a bare number otherwise', () => {
    const values = [
      { name: 'None', value: 0 },
      { name: 'Read', value: 1 },
      { name: 'Write', value: 2 },
      { name: 'Failed', value: -1 },
    ];
    const decode = (hex: string) => decodeField(field('MODE', 4, 'enum', { values }), bytes(hex)).text;
    expect(decode('00000000')).toBe('None');
    expect(decode('03000000')).toBe('Read | Write');
    expect(decode('ffffffff')).toBe('Failed');
    expect(decode('07000000')).toBe('7 (no name)');
  });

  it('reads a signature as its letters too', () => {
    const decode = (hex: string) => decodeField(field('UINT32', 4, 'unsigned'), bytes(hex));
    expect(decode('4e494349')).toEqual({ text: '1229146446', hex: '0x4943494E', letters: 'NICI' });
    expect(decode('30313233')).not.toHaveProperty('letters');
    expect(decode('4e490000')).not.toHaveProperty('letters');
  });

  it('shows pointers as addresses and NULL by name', () => {
    expect(decodeField(field('PVOID', 8, 'pointer'), bytes('0010000000f8ffff'))).toEqual({
      text: '0xFFFFF80000001000',
    });
    expect(decodeField(field('PVOID', 8, 'pointer'), bytes('0000000000000000')).text).toBe('NULL');
  });

  it('writes a GUID in mixed endian', () => {
    const text = decodeField(
      field('GUID', 16, 'guid'),
      bytes('40fc296b47ca67 10b31d00dd010662da'.replaceAll(' ', '')),
    ).text;
    expect(text).toBe('{6B29FC40-CA47-1067-B31D-00DD010662DA}');
  });

  it('quotes text up to its zero and escapes what a driver put into it', () => {
    const decode = (hex: string, type = 'CHAR[8]') => decodeField(field(type, hex.length / 2, 'text'), bytes(hex)).text;
    expect(decode('6e69630000000000')).toBe('"nic"');
    expect(decode('223c5c0a01ff0000')).toBe('"\\"<\\\\\\n\\x01\\xFF"');
    expect(decode('6e00f6006300000000000000', 'WCHAR[6]')).toBe('L"nöc"');
    expect(decode('0e20', 'WCHAR')).toBe('L"\\x200E"');
  });

  it('names statuses and truth values by their type', () => {
    expect(decodeField(field('NTSTATUS', 4, 'signed'), bytes('230000c0')).text).toBe('STATUS_BUFFER_TOO_SMALL');
    expect(decodeField(field('NTSTATUS', 4, 'signed'), bytes('010203c0'))).toEqual({ text: '0xC0030201' });
    expect(decodeField(field('BOOLEAN', 1, 'unsigned'), bytes('01')).text).toBe('TRUE');
    expect(decodeField(field('BOOLEAN', 1, 'unsigned'), bytes('cd')).text).toBe('205');
  });

  it('lists the elements of an array and cuts long ones', () => {
    expect(elementCount({ type: 'ULONG[2][3]', size: 24 })).toBe(6);
    expect(elementCount({ type: 'ULONG[5]', size: 24 })).toBe(1);
    expect(decodeField(field('USHORT[3]', 6, 'unsigned'), bytes('0100ffff0300')).text).toBe('[1, 65535, 3]');
    expect(decodeField(field('UCHAR[9]', 9, 'unsigned'), bytes('010203040506070809')).text).toBe(
      '[1, 2, 3, 4, 5, 6, 7, 8, …]',
    );
  });

  it('says what of a field was not saved', () => {
    expect(decodeField(field('ULONG', 4, 'unsigned', { offset: 2 }), bytes('0102030405'))).toEqual({
      text: '03 04 05',
      cut: true,
    });
    expect(decodeField(field('ULONG', 4, 'unsigned', { offset: 8 }), bytes('0102'))).toEqual({
      text: 'not saved',
      cut: true,
    });
  });

  it('tells zeroed padding from padding that carries something', () => {
    expect(decodeField(field('', 2, 'padding'), bytes('0000')).text).toBe('zero');
    expect(decodeField(field('', 2, 'padding'), bytes('a5a5')).text).toBe('A5 A5');
  });
});
