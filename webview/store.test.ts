import { describe, expect, it, vi } from 'vitest';
import { type ReportPack, withoutSaved } from '../extension/core/run/reportPack.js';
import { samplePack } from '../extension/core/run/samplePack.testing.js';
import type { DriverReport } from './protocol.js';
import type { ReportSource, SourceEvent } from './source.js';
import { createStore } from './store.js';

function fakeSource(saved?: unknown) {
  let receive: (event: SourceEvent) => void = () => {};
  const stored: unknown[] = [];
  const call = vi.fn(() => Promise.resolve(null as never));
  const source: ReportSource = {
    live: true,
    call,
    listen: (receiver) => {
      receive = receiver;
    },
    shown: () => {},
    restore: () => saved,
    store: (state) => stored.push(state),
    dispose: () => {},
  };
  return { source, call, stored, send: (event: SourceEvent) => receive(event) };
}

const pack = withoutSaved(samplePack(120));
const [firstRun] = pack.runs;
const [firstChannel] = firstRun!.channels;
const empty = { ...firstChannel!, index: 3, packets: withoutSaved(samplePack(0)).runs[0]!.channels[0]!.packets };
const twoRuns: ReportPack = {
  ...pack,
  runs: [
    { ...firstRun!, name: 'Nothing', channels: [empty], findings: [] },
    { ...firstRun!, channels: [empty, { ...firstChannel!, index: 5 }] },
  ],
};

const report = (key: string, reportPack: ReportPack = pack): DriverReport => ({
  key,
  name: key,
  pack: reportPack,
  previous: {},
  stale: false,
  problems: [],
});

const reports = (...drivers: readonly DriverReport[]): SourceEvent => ({ kind: 'reports', drivers, canRun: true });

function opened(saved?: unknown, ...drivers: readonly DriverReport[]) {
  const fake = fakeSource(saved);
  const store = createStore(fake.source);
  fake.send(reports(...(drivers.length > 0 ? drivers : [report('/nic')])));
  return { store, ...fake };
}

describe('what is selected', () => {
  it('is the first run, and its first channel with packets', () => {
    const { store } = opened(undefined, report('/nic', twoRuns));
    expect(store.run.value?.name).toBe('Nothing');
    store.selectRun('/nic', 1);
    expect(store.channelIndex.value).toBe(5);
    expect(store.packet.value).toBeNull();
  });

  it('stays where it was over runs, by name and number', () => {
    const { store, send } = opened(undefined, report('/nic', twoRuns));
    store.selectRun('/nic', 1);
    store.selectPacket(9);
    store.byte.value = 4;
    send({ kind: 'report', driver: report('/nic', { ...twoRuns, runs: twoRuns.runs.toReversed() }) });
    expect(store.run.value?.name).toBe(firstRun?.name);
    expect(store.packetIndex.value).toBe(9);
    expect(store.byte.value).toBe(4);
  });

  it('is no packet where the run has fewer now', () => {
    const { store, send } = opened();
    store.selectPacket(100);
    send({ kind: 'report', driver: report('/nic', withoutSaved(samplePack(50))) });
    expect(store.packet.value).toBeNull();
    send({ kind: 'report', driver: report('/nic') });
    expect(store.packetIndex.value).toBe(100);
  });

  it('is the same finding after the next run, wherever it stands then', () => {
    const { store, send } = opened();
    const at = firstRun!.findings.findIndex(({ packetIndex }) => packetIndex === 100);
    store.finding.value = at;
    const findings = firstRun!.findings.toReversed();
    send({ kind: 'report', driver: report('/nic', { ...pack, runs: [{ ...firstRun!, findings }] }) });
    expect(store.run.value?.findings[store.finding.value ?? -1]?.packetIndex).toBe(100);
    send({ kind: 'report', driver: report('/nic', { ...pack, runs: [{ ...firstRun!, findings: [] }] }) });
    expect(store.finding.value).toBeNull();
  });

  it('falls back when its driver is gone', () => {
    const { store, send } = opened(undefined, report('/bus'), report('/nic'));
    store.selectRun('/nic', 0);
    send(reports(report('/bus')));
    expect(store.driver.value?.key).toBe('/bus');
  });

  it('is what the extension reveals', () => {
    const { store, send } = opened(undefined, report('/bus'), report('/nic', twoRuns));
    send({ kind: 'reveal', target: { driver: '/nic', run: 1, channel: 5, packet: 8, byte: 3 } });
    expect(store.driver.value?.key).toBe('/nic');
    expect(store.channelIndex.value).toBe(5);
    expect(store.packetIndex.value).toBe(8);
    expect(store.byte.value).toBe(3);
  });

  it('goes to the packet of a finding that is revealed', () => {
    const { store, send } = opened();
    const at = firstRun!.findings.findIndex(({ packetIndex }) => packetIndex === 100);
    send({ kind: 'reveal', target: { driver: '/nic', run: 0, finding: at } });
    expect(store.finding.value).toBe(at);
    expect(store.packetIndex.value).toBe(100);
    expect(store.tab.value).toBe('packets');
  });

  it('forgets the byte with its packet', () => {
    const { store } = opened();
    store.selectPacket(1);
    store.byte.value = 4;
    store.selectPacket(1);
    expect(store.byte.value).toBe(4);
    store.selectPacket(2);
    expect(store.byte.value).toBeNull();
  });
});

describe('a driver whose source changed', () => {
  it('keeps its figures', () => {
    const { store, send } = opened();
    const run = store.run.value;
    const problems = [{ message: 'expected ;', file: 'Nic.c', line: 1, column: 1 }];
    send({ kind: 'source', driver: '/nic', stale: true, problems });
    expect(store.driver.value).toMatchObject({ stale: true, problems });
    expect(store.run.value).toBe(run);
  });
});

describe('what outlives the page', () => {
  it('is stored at each change and restored', () => {
    const first = opened();
    first.store.selectPacket(7);
    first.store.filter.value = 'size:>48';
    first.store.sort.value = { column: 'bytes', descending: true };
    const again = opened(first.stored.at(-1));
    expect(again.store.packetIndex.value).toBe(7);
    expect(again.store.filter.value).toBe('size:>48');
    expect(again.store.sort.value).toEqual({ column: 'bytes', descending: true });
  });

  it('is the defaults when it was corrupt', () => {
    const { store } = opened({ packet: 'seven', split: Number.NaN, sort: 3 });
    expect(store.packetIndex.value).toBeNull();
    expect(store.split.value).toBe(0.42);
  });
});

describe('calls', () => {
  it('go to the driver that is shown', () => {
    const { store, call } = opened();
    store.openSource({ file: 'Nic.c', line: 3 });
    expect(call).toHaveBeenLastCalledWith('openSource', { driver: '/nic', file: 'Nic.c', line: 3, column: 1 });
    store.runDriver();
    expect(call).toHaveBeenLastCalledWith('run', { driver: '/nic' });
    store.openSource(null);
    expect(call).toHaveBeenCalledTimes(2);
  });

  it('that fail are told', async () => {
    const { store, call } = opened();
    call.mockRejectedValueOnce(new Error('The folder is read-only.'));
    store.exportReport('csv');
    await vi.waitFor(() => expect(store.failure.value).toBe('The folder is read-only.'));
  });
});
