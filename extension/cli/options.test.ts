import { describe, expect, it } from 'vitest';
import { type ParsedOptions, parseOptions } from './options.js';
import { RUN_OPTIONS } from './runOptions.js';

function parsed(...words: string[]): ParsedOptions {
  const result = parseOptions(words, RUN_OPTIONS);
  if (!result.ok) throw new Error(result.message);
  return result.options;
}

function refused(...words: string[]): string {
  const result = parseOptions(words, RUN_OPTIONS);
  return result.ok ? 'accepted' : result.message;
}

describe('parseOptions', () => {
  it('takes values after a space and after an equals sign', () => {
    const options = parsed('a.c', '--packets', '16', '--seed=0x10', 'b.c', '--out=-');
    expect(options.operands).toEqual(['a.c', 'b.c']);
    expect(options.numbers).toEqual(
      new Map([
        ['packets', 16],
        ['seed', 16],
      ]),
    );
    expect(options.texts.get('out')).toBe('-');
  });

  it('takes include folders and macros in every spelling of the compilers', () => {
    const options = parsed(
      '-Iinc',
      '-I',
      'a b',
      '/I',
      'c',
      '--include=d',
      '-DX',
      '-D',
      'Y=1',
      '/D',
      'Z="q"',
      '--define',
      'W',
    );
    expect(options.lists.get('include')).toEqual(['inc', 'a b', 'c', 'd']);
    expect(options.lists.get('define')).toEqual(['X', 'Y=1', 'Z="q"', 'W']);
  });

  it('takes a path that begins like a slash option for a path', () => {
    expect(parsed('/Include/a.c', '/Drivers').operands).toEqual(['/Include/a.c', '/Drivers']);
    expect(parsed('/DDBG', '/DWIDTH=8').lists.get('define')).toEqual(['DBG', 'WIDTH=8']);
  });

  it('ends options at --', () => {
    expect(parsed('--', '--hex', '-I').operands).toEqual(['--hex', '-I']);
  });

  it('keeps an equals sign inside a value', () => {
    expect(parsed('--mode', 'S-10=buffer', '--mode=S-05=null').lists.get('mode')).toEqual(['S-10=buffer', 'S-05=null']);
  });

  it.each([
    [['--paquets', '3'], 'there is no option --paquets (did you mean --packets?)'],
    [['--zzzzzzzz'], 'there is no option --zzzzzzzz'],
    [['-x'], 'there is no option -x'],
    [['--packets', 'many'], "--packets needs a whole number from 1 to 10000000, not 'many'"],
    [['--packets', '0'], "--packets needs a whole number from 1 to 10000000, not '0'"],
    [['--packets', '1.5'], "--packets needs a whole number from 1 to 10000000, not '1.5'"],
    [['--seed', '-1'], "--seed needs a whole number from 0 to 4294967295, not '-1'"],
    [['--seed='], "--seed needs a whole number from 0 to 4294967295, not ''"],
    [['--seed'], '--seed needs a value (N)'],
    [['--out', '--hex'], '--out needs a value (FILE)'],
    [['--out='], '--out needs a value (FILE)'],
    [['-I'], '-I needs a value (DIR)'],
    [['--hex=yes'], '--hex takes no value'],
    [
      ['--format', 'jsn'],
      "--format is one of table, json, junit, sarif, html, csv, msbuild, not 'jsn' (did you mean json?)",
    ],
    [['--stress=most'], "--stress is one of none, quick, full, not 'most'"],
    [['--coverage', 'x'], '--coverage is not there yet: it comes in a later version'],
    [['--coverage', 'x'], '--coverage is not there yet: it comes in a later version'],
    [['--max-state', '9'], '--max-state is not there yet: it comes in a later version'],
    [['--baseline', 'x'], '--baseline is not there yet: it comes in a later version'],
    [['--watch'], '--watch is not there yet: it comes in a later version'],
    [['--seed', '1', '--seed', '2'], '--seed is given twice: 1 and 2'],
    [['--optimize', '1'], "--optimize is one of 0, 2, not '1'"],
  ])('refuses %j', (words, message) => {
    expect(refused(...words)).toBe(message);
  });

  it('lets the same value stand twice and keeps options of later versions at their present value', () => {
    expect(parsed('--seed', '3', '--seed=3').numbers.get('seed')).toBe(3);
    expect(parsed('--stress', 'none', '--format=table').texts.get('format')).toBe('table');
  });
});
