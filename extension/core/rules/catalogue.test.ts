import { describe, expect, it } from 'vitest';
import { findRule, RULES, type Rule } from './catalogue.js';

const all: readonly Rule[] = RULES;

/** Rules whose only source is an inference and that are errors all the same (interfaces section 5). */
const SEVERE_INFERENCES = [
  'in-mdl-unmap-first',
  'in-completion-init',
  'out-no-touch-after-send',
  'savepkt-full-init',
  'savepkt-size-arith',
  'savepkt-no-pointers',
  'savepkt-no-packet-ops',
  'savepkt-no-retain',
  'restorepkt-validate',
  'restorepkt-copy',
  'restore-remap-gpadls',
];

describe('the catalogue', () => {
  it('names each rule once', () => {
    expect(new Set(all.map((rule) => rule.id)).size).toBe(all.length);
  });

  it.each([
    ['7.1', 'configuration', 23],
    ['7.2', 'state', 18],
    ['7.3', 'incoming', 21],
    ['7.4', 'outgoing', 20],
    ['7.5', 'gpadl', 7],
    ['7.6', 'save', 30],
    ['7.7', 'restore', 19],
    ['7.8', 'memory', 9],
  ] as const)('holds the rules of section %s', (_section, group, count) => {
    expect(all.slice(0, 147).filter((rule) => rule.group === group)).toHaveLength(count);
  });

  it('adds the further ids of the project and nothing else', () => {
    expect(all.slice(147).map((rule) => rule.id)).toEqual([
      'mem-out-of-bounds',
      'mem-use-after-free',
      'mem-double-free',
      'mem-leak',
      'mem-null-dereference',
      'mem-uninitialised',
      'irql-call',
      'assert-failed',
      'run-timeout',
      'run-stack-overflow',
      'run-out-of-memory',
      'run-trap',
      'run-bugcheck',
      'run-deadlock',
      'run-unsupported',
      'run-stub',
      'state-field-lost',
      'roundtrip-differs',
      'allow-unused',
    ]);
  });

  it('gives each contract rule the severity of its sources', () => {
    for (const rule of all.slice(0, 147)) {
      expect(rule.sources, rule.id).toMatch(/^P?H?S?W?I?$/);
      const severe = /[PHS]/.test(rule.sources) || SEVERE_INFERENCES.includes(rule.id);
      expect(`${rule.id} ${rule.severity}`).toBe(`${rule.id} ${severe ? 'error' : 'warning'}`);
    }
    for (const id of SEVERE_INFERENCES) expect(findRule(id)?.sources, id).toBe('I');
  });

  it('makes memory and run rules errors, with the named exceptions', () => {
    const mild = all.slice(147).filter((rule) => rule.severity !== 'error');
    expect(mild.map((rule) => `${rule.id} ${rule.severity}`)).toEqual([
      'run-unsupported warning',
      'run-stub warning',
      'state-field-lost warning',
      'roundtrip-differs warning',
      'allow-unused info',
    ]);
  });

  it('says in one line each what holds, what happens otherwise and how to mend it', () => {
    for (const rule of all) {
      for (const text of [rule.title, rule.consequence, rule.mend]) {
        expect(text, rule.id).toMatch(/^[A-Z*][^\n]{3,200}\.$/);
      }
    }
  });
});
