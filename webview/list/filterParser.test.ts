import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyHelp, parseFilter, withTerm } from './filterParser.js';

const most = Number.MAX_SAFE_INTEGER;
const only = (text: string) => {
  const { terms, errors } = parseFilter(text);
  expect(errors).toEqual([]);
  expect(terms).toHaveLength(1);
  return terms[0]!;
};
const errorOf = (text: string) => {
  const { terms, errors } = parseFilter(text);
  expect(terms).toEqual([]);
  expect(errors).toHaveLength(1);
  return errors[0]!.message;
};

describe('sizes', () => {
  it.each([
    ['48', 48, 48],
    ['=48', 48, 48],
    ['>512', 513, most],
    ['>=512', 512, most],
    ['<512', 0, 511],
    ['<=512', 0, 512],
    ['48..96', 48, 96],
    ['48..', 48, most],
    ['..96', 0, 96],
    ['0x30', 48, 48],
    ['1k', 1024, 1024],
    ['2KiB', 2048, 2048],
    ['1.5k', 1536, 1536],
    ['1m', 1_048_576, 1_048_576],
    ['16b', 16, 16],
  ])('size:%s is %d to %d', (text, from, to) => {
    expect(only(`size:${text}`).condition).toEqual({ type: 'number', key: 'size', ranges: [{ from, to }] });
  });

  it.each(['abc', '>', '..', '1x', '5..x', '>=k', '0xg', '-5'])('size:%s says what a size is', (text) => {
    expect(errorOf(`size:${text}`)).toContain('size:>512');
  });

  it('takes several', () => {
    expect(only('size:8,16..24').condition).toMatchObject({
      ranges: [
        { from: 8, to: 8 },
        { from: 16, to: 24 },
      ],
    });
  });
});

describe('words and names', () => {
  it('are small letters, without their quotes', () => {
    expect(only('"Send Complete"').condition).toEqual({ type: 'word', text: 'send complete' });
    expect(only('kind:"a b",C').condition).toEqual({ type: 'text', key: 'kind', texts: ['a b', 'c'] });
  });

  it('turn round behind a minus', () => {
    expect(only('-kind:nic')).toEqual({ negated: true, condition: { type: 'text', key: 'kind', texts: ['nic'] } });
    expect(only('-').condition).toEqual({ type: 'word', text: '-' });
  });

  it('take C++ names for what they are', () => {
    expect(only('StorageBus::Complete').condition).toEqual({ type: 'word', text: 'storagebus::complete' });
  });

  it('do not mind a quote that is not closed', () => {
    expect(only('"half open').condition).toEqual({ type: 'word', text: 'half open' });
  });
});

describe('statuses and choices', () => {
  it.each([
    ['status:ok', ['ok']],
    ['status:FAIL', ['fail']],
    ['restore:none', ['none']],
    ['status:0xC0000023', [{ number: 0xc0000023 }]],
    ['status:buffer,0x0', [{ name: 'BUFFER' }, { number: 0 }]],
  ])('%s', (text, values) => {
    expect(only(text).condition).toMatchObject({ type: 'status', values });
  });

  it.each([
    ['state:queued', ['queued']],
    ['state:In-Flight', ['inflight']],
    ['stub:yes', ['yes']],
  ])('%s', (text, values) => {
    expect(only(text).condition).toMatchObject({ type: 'choice', values });
  });

  it.each(['state:gone', 'status:12#', 'stub:maybe', 'status:0x1234567890'])('%s is told what it can be', (text) => {
    expect(errorOf(text)).toContain(keyHelp[text.slice(0, text.indexOf(':')) as keyof typeof keyHelp]);
  });
});

describe('errors', () => {
  it.each([
    ['siz:8', 'size'],
    ['sizes:8', 'size'],
    ['stats:ok', 'state'],
    ['satus:ok', 'status'],
    ['tsatus:ok', 'status'],
    ['knid:a', 'kind'],
    ['Findings:any', 'finding'],
    ['rest:ok', 'restore'],
  ])('%s is taken for %s', (text, meant) => {
    expect(errorOf(text)).toContain(`did you mean ${meant}:?`);
  });

  it('name every filter where none is near', () => {
    const message = errorOf('colour:red');
    for (const key of Object.keys(keyHelp)) expect(message).toContain(key);
  });

  it('leave the other terms standing', () => {
    const { terms, errors } = parseFilter('size:>8 size:abc nic');
    expect(terms).toHaveLength(2);
    expect(errors.map(({ term }) => term)).toEqual(['size:abc']);
  });

  it('say when nothing stands behind a colon', () => {
    expect(errorOf('size:')).toContain('nothing stands after size:');
    expect(errorOf('kind:""')).toContain('nothing stands after kind:');
  });
});

it('takes any text, and every part of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { terms, errors } = parseFilter(text);
      const pieces = text.match(/(?:"[^"]*(?:"|$)|[^\s"])+/g) ?? [];
      expect(terms.length + errors.length).toBe(pieces.length);
    }),
  );
});

it('is documented, term by term', () => {
  const page = readFileSync(new URL('../../docs/packet-buffers.md', import.meta.url), 'utf8');
  const terms = Array.from(page.matchAll(/^\| `([a-z]+:[^`]+)`/gm), ([, term]) => term!);
  expect(terms.map((term) => term.slice(0, term.indexOf(':')))).toEqual(Object.keys(keyHelp));
  for (const term of terms) only(term);
});

describe('withTerm', () => {
  it('puts one term in the place of others of its key', () => {
    expect(withTerm('nic size:8 state:queued', 'size', '48..63')).toBe('nic state:queued size:48..63');
    expect(withTerm('nic Size:8', 'size', '')).toBe('nic');
    expect(withTerm('', 'size', '8')).toBe('size:8');
    expect(withTerm('"a size:8 b"', 'size', '1')).toBe('"a size:8 b" size:1');
  });
});
