/**
 * The extension's side of the page, in the page: answers as the host does, from packs made or loaded here, and keeps
 * what the page said. Bundled and put into the page before its own script.
 */
import {
  packBytes,
  parsePack,
  type ReportPack,
  savedOf,
  withoutSaved,
} from '../../../extension/core/run/reportPack.js';
import { samplePack } from '../../../extension/core/run/samplePack.testing.js';
import type { DriverReport, FromView, SentReport, ToView } from '../../../webview/protocol.js';

export interface HarnessHost {
  /** Everything the page has posted, calls included. */
  readonly posted: FromView[];
  /** What the page stored last. */
  state: unknown;
  canRun: boolean;
  readonly drivers: Map<string, { readonly pack: ReportPack; readonly report: DriverReport }>;
  /** Milliseconds, `performance.now()`, when the reports were posted and when the page said they were painted. */
  sentAt: number;
  shownAt: number;
  addSample(key: string, count: number, seed?: number): void;
  addPack(key: string, bytes: Uint8Array, extras?: Partial<DriverReport>): void;
  change(key: string, extras: Partial<DriverReport>): void;
  send(message: ToView): void;
  sendReport(key: string): void;
  sendReports(): void;
  sampleBase64(count: number): string;
}

const host: HarnessHost = {
  posted: [],
  state: undefined,
  canRun: true,
  drivers: new Map(),
  sentAt: 0,
  shownAt: 0,
  addSample(key, count, seed) {
    add(key, samplePack(count, seed), {});
  },
  addPack(key, bytes, extras = {}) {
    add(key, parsePack(bytes), extras);
  },
  change(key, extras) {
    const driver = host.drivers.get(key);
    if (driver) host.drivers.set(key, { pack: driver.pack, report: { ...driver.report, ...extras } });
  },
  send(message) {
    window.postMessage(message, '*');
  },
  sendReport(key) {
    const driver = host.drivers.get(key);
    if (driver) host.send({ kind: 'report', driver: sent(driver.report) });
  },
  sendReports() {
    host.sentAt = performance.now();
    const drivers = Array.from(host.drivers.values(), ({ report }) => sent(report));
    host.send({ kind: 'reports', drivers, canRun: host.canRun });
  },
  sampleBase64(count) {
    const bytes = packBytes(samplePack(count));
    let text = '';
    for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
    return btoa(text);
  },
};

function sent(report: DriverReport): SentReport {
  return { ...report, pack: packBytes(report.pack) };
}

function add(key: string, pack: ReportPack, extras: Partial<DriverReport>): void {
  const report = { key, name: key, pack: withoutSaved(pack), previous: {}, stale: false, problems: [], ...extras };
  host.drivers.set(key, { pack, report });
}

function answer(message: FromView): void {
  host.posted.push(message);
  if (message.kind === 'ready') {
    host.sendReports();
  } else if (message.kind === 'shown') {
    host.shownAt = performance.now();
  } else if (message.name === 'packetBytes') {
    const { driver, run, channel, packet } = message.argument;
    const pack = host.drivers.get(driver)?.pack;
    const saved = pack && savedOf(pack, run, channel, packet);
    const value = { bytes: saved?.bytes ?? null, writtenBy: saved?.writtenBy ?? [] };
    host.send({ kind: 'answer', id: message.id, ok: true, value });
  } else {
    host.send({ kind: 'answer', id: message.id, ok: true, value: null });
  }
}

Object.assign(globalThis, {
  harness: host,
  acquireVsCodeApi: () => ({
    postMessage: (message: FromView) => queueMicrotask(() => answer(message)),
    getState: () => host.state,
    setState: (state: unknown) => {
      host.state = state;
    },
  }),
});
