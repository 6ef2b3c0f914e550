import { describe, expect, it } from 'vitest';
import type { CallName, ViewCalls } from '../../webview/protocol.js';
import { parseFromView } from './viewMessages.js';

/** One good argument of every call: a call that is added does not compile without one. */
const GOOD: { readonly [Name in CallName]: ViewCalls[Name]['argument'] } = {
  packetBytes: { driver: '/a', run: 0, channel: 1, packet: 99_999 },
  openSource: { driver: '/a', file: 'Nic.c', line: 12, column: 3 },
  run: { driver: null },
  cancel: null,
  exportReport: { format: 'html' },
  copy: { text: '0x00' },
  travel: { event: 12 },
  debugToFinding: { driver: '/nic', run: 0, finding: 1 },
  openDebugged: { file: 'Nic.c', line: 12, column: 3 },
  explainRule: { rule: 'mem-leak' },
};

describe('messages of the page', () => {
  it.each([
    { kind: 'ready', protocol: 1 },
    { kind: 'shown', driver: '/a' },
  ])('are taken as they are: $kind', (message) => {
    expect(parseFromView(message)).toEqual({ kind: 'message', message });
  });

  it.each(Object.entries(GOOD))('call %s', (name, argument) => {
    const message = { kind: 'call', id: 7, name, argument };
    expect(parseFromView(message)).toEqual({ kind: 'message', message });
  });

  it.each([
    ['packetBytes', { driver: '/a', run: -1, channel: 0, packet: 0 }],
    ['packetBytes', { driver: '/a', run: 0.5, channel: 0, packet: 0 }],
    ['openSource', { driver: '/a', file: 7, line: 1, column: 1 }],
    ['openSource', { driver: '/a', file: 'x'.repeat(5000), line: 1, column: 1 }],
    ['run', {}],
    ['cancel', {}],
    ['exportReport', { format: 'exe' }],
    ['copy', { text: null }],
    ['explainRule', { rule: 'a', more: 1 }],
  ])('refuse %s with %j and say why', (name, argument) => {
    const received = parseFromView({ kind: 'call', id: 3, name, argument });
    expect(received).toMatchObject({ kind: 'refused', id: 3, reason: expect.stringContaining(`${name}: `) });
  });

  it.each([
    [undefined],
    [null],
    ['ready'],
    [[]],
    [{ kind: 'ready' }],
    [{ kind: 'ready', protocol: 1, more: true }],
    [{ kind: 'call', id: -1, name: 'cancel', argument: null }],
    [{ kind: 'call', id: 1, name: 'constructor', argument: null }],
    [{ kind: '__proto__' }],
  ])('are noise otherwise: %j', (message) => {
    expect(parseFromView(message)).toEqual({ kind: 'noise' });
  });
});
