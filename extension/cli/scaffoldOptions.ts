/** Options of `vsp-lab scaffold` (interfaces section 2): one table for parser and help. */
import type { OptionRow } from './runOptions.js';

export const SCAFFOLD_OPTIONS: readonly OptionRow[] = [
  { name: 'file', value: { kind: 'text' }, placeholder: 'F', help: 'the source that the callbacks are written into' },
  {
    name: 'context',
    value: { kind: 'text' },
    placeholder: 'STRUCT',
    help: 'the structure that packets have as their context, of the source or a header it includes',
  },
  {
    name: 'fields',
    value: { kind: 'list' },
    placeholder: 'A,B,...',
    help: 'the members to save (default: those that another host can use)',
  },
  {
    name: 'style',
    value: { kind: 'choice', values: ['direct', 'interface'] },
    help: 'functions of KMCL called directly or through an interface table (default: as the source does)',
  },
  {
    name: 'language',
    value: { kind: 'choice', values: ['c', 'cpp'] },
    help: 'how the callbacks are written (default: as the source is named)',
  },
  {
    name: 'layout',
    value: { kind: 'choice', values: ['natural', 'packed'] },
    help: 'of the record: members at multiples of their size (default), or one behind the other',
  },
  { name: 'save', value: { kind: 'text' }, placeholder: 'NAME', help: 'of the save callback' },
  { name: 'restore', value: { kind: 'text' }, placeholder: 'NAME', help: 'of the restore callback' },
  { name: 'record', value: { kind: 'text' }, placeholder: 'NAME', help: 'of the record' },
  {
    name: 'include',
    short: ['-I', '/I'],
    value: { kind: 'list' },
    placeholder: 'DIR',
    help: 'look for headers here too, and allow reading them',
  },
  { name: 'define', short: ['-D', '/D'], value: { kind: 'list' }, placeholder: 'N[=V]', help: 'define a macro' },
];
