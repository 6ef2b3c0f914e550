import { describe, expect, it } from 'vitest';
import { RULES } from '../core/rules/catalogue.js';
import { explain } from './explain.js';

describe('explain', () => {
  it('says what holds, why, how to mend it and where it is stated', () => {
    expect(explain(['savepkt-query-must-fail'])).toBe(
      [
        'savepkt-query-must-fail  error',
        '',
        'With something to save, the zero-size call fails and reports the size.',
        '',
        'Why          A query that succeeds says: nothing to save. The call with a buffer',
        '             follows only a failure.',
        "Otherwise    The library makes no second call: the transaction's state is",
        '             missing after resume.',
        'Mend it      Return STATUS_BUFFER_TOO_SMALL with the size in *BytesNeeded.',
        'Found        in the source and while running',
        'Stated by    a documentation page (evt_vmb_channel_save_packet)',
        'Allow it     // vsp-lab: allow savepkt-query-must-fail REASON, on the line or',
        '             above it',
        '',
        'Wrong',
        '    *BytesNeeded = sizeof(record);',
        '    if (SaveBufSize == 0)',
        '        return STATUS_SUCCESS;',
        '',
        'Right',
        '    *BytesNeeded = sizeof(record);',
        '    if (SaveBufSize < sizeof(record))',
        '        return STATUS_BUFFER_TOO_SMALL;',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['savepkt-full-init', 'inference (S-10, S-11)'],
    ['out-no-lock-send', 'inference (A-13)'],
    ['savepkt-no-truncate', 'inference'],
    ['savepkt-bytesneeded-written', 'a documentation page; inference (evt_vmb_channel_save_packet)'],
    ['in-capture-once', 'a documentation page; inference (msrc)'],
  ])('names the sources of %s', (rule, stated) => {
    expect(explain([rule]).replaceAll(/\s+/g, ' ')).toContain(`Stated by ${stated} Allow it`);
  });

  it('lists every rule once, prose within 80 columns', () => {
    const lines = explain([]).split('\n');
    for (const { id, severity } of RULES)
      expect(lines.filter((line) => line === `  ${id}  ${severity}`)).toHaveLength(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const { id } of RULES)
      expect(
        Math.max(
          ...explain([id])
            .split('\n')
            .filter((line) => !line.startsWith('    ') || line.startsWith('             '))
            .map((line) => line.length),
        ),
        id,
      ).toBeLessThanOrEqual(80);
  });

  it.each([
    [['mem-leek'], 'there is no rule mem-leek (did you mean mem-leak?)'],
    [['zzz'], 'there is no rule zzz; vsp-lab explain lists them'],
    [['mem-leak', 'mem-leak'], 'explain takes one rule, not 2'],
  ])('refuses %j', (words, message) => {
    expect(() => explain(words)).toThrow(message);
  });
});
