import { describe, expect, it } from 'vitest';
import { PACKET_FLAG } from './reportPack.js';
import { withSeverities } from './severities.js';
import { sampleChannel, sampleFinding, samplePack, sampleRun } from './tinyPack.testing.js';

const { WARNING, ERROR, RESTORED } = PACKET_FLAG;
const exact = sampleFinding({ rule: 'savepkt-size-exact', packetIndex: 1 });
const leak = sampleFinding({ rule: 'mem-leak', severity: 'warning', packetIndex: 1 });

function report(...findings: readonly ReturnType<typeof sampleFinding>[]) {
  const channel = sampleChannel(0, 'Save', [4, 8]);
  channel.packets.flags[1] = RESTORED | ERROR;
  return samplePack(sampleRun('a', { outcome: 'failed', message: 'wrong', channels: [channel], findings }));
}

describe('severities of the settings', () => {
  it('leave a report alone whose rules they do not name', () => {
    const pack = report(exact);
    expect(withSeverities(pack, { 'mem-leak': 'off', 'no-rule': 'off' })).toBe(pack);
    expect(withSeverities(pack, { 'savepkt-size-exact': 'error' })).toBe(pack);
  });

  it('change what a finding counts as, in run, packets and summary', () => {
    const pack = report(exact, leak);
    const { runs, summary } = withSeverities(pack, { 'savepkt-size-exact': 'info' });
    expect(runs[0]?.outcome).toBe('passed');
    expect(runs[0]?.message).toBeUndefined();
    expect(runs[0]?.findings.map(({ severity }) => severity)).toEqual(['info', 'warning']);
    expect([...(runs[0]?.channels[0]?.packets.flags ?? [])]).toEqual([0, RESTORED | WARNING]);
    expect(summary.findings).toEqual({ error: 0, warning: 1, info: 1 });
    expect(summary.passed).toBe(1);
    expect(pack.runs[0]?.channels[0]?.packets.flags[1]).toBe(RESTORED | ERROR);
  });

  it('make an error of a warning', () => {
    const { runs } = withSeverities(report(leak), { 'mem-leak': 'error' });
    expect(runs[0]?.outcome).toBe('failed');
    expect(runs[0]?.channels[0]?.packets.flags[1]).toBe(RESTORED | ERROR);
  });

  it('suppress', () => {
    const { runs, summary } = withSeverities(report(exact), { 'savepkt-size-exact': 'off' });
    expect(runs[0]?.findings[0]?.suppressed).toBe(true);
    expect(runs[0]?.channels[0]?.packets.flags[1]).toBe(RESTORED);
    expect(summary.findings.error).toBe(0);
  });

  it('do not make a stopped run or a failed assertion pass', () => {
    const assertion = sampleFinding({ rule: 'assert-failed' });
    expect(withSeverities(report(assertion), { 'assert-failed': 'info' }).runs[0]?.outcome).toBe('failed');
    const stopped = samplePack(sampleRun('a', { outcome: 'error', findings: [exact] }));
    expect(withSeverities(stopped, { 'savepkt-size-exact': 'info' }).runs[0]?.outcome).toBe('error');
  });
});
