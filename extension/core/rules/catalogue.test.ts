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

/** Rules whose column Check says D or B in kmcl-facts 7.1 to 7.8: they are found while the callbacks run. */
const FOUND_RUNNING = (
  'iface-query-size-version iface-dereference init-alloc-passive init-before-enable init-packet-size ' +
  'init-external-limits init-process-callback init-subchannel init-vmbus-handle init-convert-context ' +
  'init-close-kernel-handle init-target-ids init-server-only-on-server init-client-only-on-client ' +
  'init-context-before-enable state-server-start state-start-pause-window state-no-startpause-in-cb ' +
  'state-no-disable-in-cb state-disable-before-cleanup state-no-use-after-cleanup state-opened-unwind ' +
  'state-started-nonblocking state-suspend-completes state-suspend-cancels-backend state-no-send-suspended ' +
  'state-closed-releases-gpadls state-reopen state-latency-window state-mmio-window state-blocking-no-locks ' +
  'state-passive-blocking in-complete-once in-no-use-after-complete in-length-check in-validate-fields ' +
  'in-ref-balance in-external-flag in-external-pending in-external-restartable in-mdl-unmap-first ' +
  'in-defer-inline in-fail-terminal in-irql-safe in-completion-init out-no-reuse-in-use out-no-touch-after-send ' +
  'out-free-custom out-no-free-default out-init-size out-init-routine out-init-not-freed out-size-limit ' +
  'out-paged-flag out-completion-irql out-sync-root out-sync-irql out-sync-size8 out-no-lock-send gpadl-pair ' +
  'gpadl-single-map gpadl-unmap-quiet gpadl-window save-callbacks-registered save-quiesced save-passive ' +
  'save-begin-checked save-persist-filled save-grow save-boundaries save-end-always savepkt-bytesneeded-written ' +
  'savepkt-zero-size-no-write savepkt-query-must-fail savepkt-query-succeed-empty savepkt-status-severity ' +
  'savepkt-recheck-size savepkt-no-overrun savepkt-no-truncate savepkt-full-init savepkt-size-exact ' +
  'savepkt-no-pointers savepkt-idempotent savepkt-no-packet-ops savepkt-stable savepkt-irql ' +
  'restore-before-active restore-order restore-finish restorepkt-allocate restorepkt-libbuf ' +
  'restorepkt-free-on-failure restorepkt-routine restorepkt-validate restorepkt-no-send restore-unwind ' +
  'restore-remap-gpadls restore-same-config restore-force-new mem-nonpaged-at-dispatch mem-free-once lock-irql ' +
  'lock-list wait-irql handle-irql'
).split(' ');

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

  it.each(FOUND_RUNNING)('lets a run find %s', (id) => {
    expect(findRule(id)?.check).toMatch(/^(?:dynamic|both)$/);
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
