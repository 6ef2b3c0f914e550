import { describe, expect, it } from 'vitest';
import { MODES } from '../core/kmcl/modes.js';
import { COMMANDS, commandHelp, mainHelp } from './help.js';
import { RUN_OPTIONS } from './runOptions.js';

describe('help', () => {
  it('names every command, option and mode, and is readable at 80 columns', () => {
    for (const { name } of COMMANDS) expect(mainHelp()).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    const help = commandHelp('run');
    for (const { name } of RUN_OPTIONS) expect(help).toMatch(new RegExp(`^  (?:-[ID], )?--${name}\\b`, 'm'));
    for (const { id } of MODES) expect(help).toContain(`  ${id}=`);
    for (const text of [mainHelp(), help, commandHelp('scaffold')]) {
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });

  it('says what is not there yet', () => {
    expect(commandHelp('layout')).toMatch(/comes later/);
    expect(commandHelp('run')).toMatch(/--replay FILE +repeat one input that --stress has found/);
    expect(commandHelp('run')).toMatch(/--coverage FILE +write LCOV \(comes later\)/);
  });
});
