/**
 * Everything the page shows, as signals: reports as they arrive, the one place in them that is selected, and how the
 * list is arranged. Components read and set; what must outlive the page is stored by itself.
 */
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { PackedPackets } from '../extension/core/run/packedPackets.js';
import type { Finding, Packet } from '../extension/core/run/report.js';
import type { PackedChannel, PackedRun } from '../extension/core/run/reportPack.js';
import { createDebugging, type Debugging } from './debug/debugging.js';
import type { DriverReport, Paused, Target } from './protocol.js';
import { parseSavedState, type SavedState, type Sort, type Tab } from './savedState.js';
import type { ReportSource, SourceEvent } from './source.js';

export interface Store {
  readonly source: ReportSource;
  /** Null until the first message has come. */
  readonly drivers: Signal<readonly DriverReport[] | null>;
  readonly canRun: Signal<boolean>;
  readonly progress: Signal<{ readonly running: boolean; readonly text: string }>;

  /** What is selected. The setters below keep these consistent. */
  readonly driver: ReadonlySignal<DriverReport | null>;
  readonly runIndex: ReadonlySignal<number>;
  readonly run: ReadonlySignal<PackedRun | null>;
  /** False while the driver that was chosen has not come yet and another stands in for it. */
  readonly isChosen: ReadonlySignal<boolean>;
  /** `Channel.index`, as calls and findings name it. */
  readonly channelIndex: ReadonlySignal<number>;
  readonly channel: ReadonlySignal<PackedChannel | null>;
  readonly packetIndex: ReadonlySignal<number | null>;
  readonly packet: ReadonlySignal<Packet | null>;
  /** Index into the run's findings. */
  readonly finding: Signal<number | null>;
  /** Byte of the selected packet's saved state that hex pane and fields have their cursor on; null: none yet. */
  readonly byte: Signal<number | null>;

  /** Null while nothing is debugged. */
  readonly debugging: ReadonlySignal<Debugging | null>;
  readonly tab: Signal<Tab>;
  readonly sort: Signal<Sort>;
  readonly filter: Signal<string>;
  readonly grouped: Signal<boolean>;
  readonly collapsed: Signal<readonly string[]>;
  readonly scroll: Signal<number>;
  readonly split: Signal<number>;
  /** What the live region says: results, never progress. */
  readonly announcement: Signal<string>;
  /** The last call that failed, for the banner; empty when dismissed. */
  readonly failure: Signal<string>;

  selectRun(driver: string, run: number): void;
  /** By `Channel.index`. */
  selectChannel(channel: number): void;
  /** Null closes the detail pane. Forgets the byte when the packet is another one. */
  selectPacket(packet: number | null): void;
  /** Does nothing for a file of ours that has no place (null) or where there is no editor. */
  openSource(place: { readonly file: string; readonly line: number; readonly column?: number } | null): void;
  copy(text: string): void;
  explainRule(rule: string): void;
  /** By its index in the debugged run's timeline. */
  travel(event: number): void;
  /** By its index in the run's findings. */
  debugToFinding(finding: number): void;
  /** A place of the debugged run. */
  openDebugged(place: { readonly file: string; readonly line: number; readonly column?: number }): void;
  /** Runs the shown driver again, or what the editor shows where there is none yet. */
  runDriver(): void;
  cancel(): void;
  exportReport(format: 'json' | 'csv' | 'html'): void;
  dispose(): void;
}

/** The same finding in the next run: its rule in the same packet or, lines moving as they do, in the same function. */
function placeOf(wanted: Finding, findings: readonly Finding[]): number | null {
  const at = findings.findIndex(
    ({ rule, channel, packetIndex, location }) =>
      rule === wanted.rule &&
      channel === wanted.channel &&
      packetIndex === wanted.packetIndex &&
      location?.function === wanted.location?.function,
  );
  return at < 0 ? null : at;
}

export function createStore(source: ReportSource): Store {
  const saved = parseSavedState(source.restore());

  const drivers = signal<readonly DriverReport[] | null>(null);
  const canRun = signal(false);
  const progress = signal({ running: false, text: '' });
  const driverKey = signal(saved.driver);
  const runName = signal(saved.run);
  const wantedChannel = signal(saved.channel);
  const wantedPacket = signal(saved.packet);
  const finding = signal<number | null>(null);
  const byte = signal<number | null>(null);
  const tab = signal(saved.tab);
  const sort = signal(saved.sort);
  const filter = signal(saved.filter);
  const grouped = signal(saved.grouped);
  const collapsed = signal(saved.collapsed);
  const scroll = signal(saved.scroll);
  const split = signal(saved.split);
  const announcement = signal('');
  const failure = signal('');
  const debugging = createDebugging(tab);

  const driver = computed(() => {
    const list = drivers.value ?? [];
    return list.find(({ key }) => key === driverKey.value) ?? list[0] ?? null;
  });
  const isChosen = computed(() => driverKey.value === null || driver.value?.key === driverKey.value);
  const runIndex = computed(() => {
    const runs = driver.value?.pack.runs ?? [];
    return Math.max(
      0,
      runs.findIndex(({ name }) => name === runName.value),
    );
  });
  const run = computed(() => driver.value?.pack.runs[runIndex.value] ?? null);
  const channelPlace = computed(() => {
    const channels = run.value?.channels ?? [];
    const wanted = channels.findIndex(({ index }) => index === wantedChannel.value);
    if (wanted >= 0) return wanted;
    return Math.max(
      0,
      channels.findIndex(({ packets }) => packets.count > 0),
    );
  });
  const channel = computed(() => run.value?.channels[channelPlace.value] ?? null);
  const channelIndex = computed(() => channel.value?.index ?? 0);
  const packetIndex = computed(() => {
    const count = channel.value?.packets.count ?? 0;
    return wantedPacket.value !== null && wantedPacket.value < count ? wantedPacket.value : null;
  });
  const packet = computed(() => {
    const columns = channel.value?.packets;
    return columns && packetIndex.value !== null ? new PackedPackets(columns).at(packetIndex.value) : null;
  });

  function selectRun(key: string, index: number): void {
    batch(() => {
      driverKey.value = key;
      runName.value = driver.value?.pack.runs[index]?.name ?? null;
      wantedChannel.value = null;
      finding.value = null;
      scroll.value = 0;
      selectPacket(null);
    });
  }

  function selectPacket(index: number | null): void {
    batch(() => {
      if (index !== wantedPacket.value) byte.value = null;
      wantedPacket.value = index;
    });
  }

  function reveal(target: Target): void {
    batch(() => {
      selectRun(target.driver, target.run ?? 0);
      wantedChannel.value = target.channel ?? null;
      const named = target.finding === undefined ? null : run.value?.findings[target.finding];
      finding.value = target.finding ?? null;
      if (named?.channel != null && target.channel === undefined) wantedChannel.value = named.channel;
      selectPacket(target.packet ?? named?.packetIndex ?? null);
      byte.value = target.byte ?? null;
      tab.value = named && named.packetIndex === null ? 'findings' : 'packets';
    });
  }

  /** What is selected goes with the run; where its callbacks have no packet, the last one stays. */
  function follow({ shown, channel: wanted, packet: index }: Paused): void {
    if (shown === null) return;
    const isOther = shown.driver !== driver.value?.key || shown.run !== runIndex.value;
    if (isOther) selectRun(shown.driver, shown.run);
    if (wanted !== null) wantedChannel.value = wanted;
    if (index !== null) selectPacket(index);
  }

  function receive(event: SourceEvent): void {
    batch(() => {
      if (event.kind === 'reports') {
        drivers.value = event.drivers;
        canRun.value = event.canRun;
      } else if (event.kind === 'report') {
        const chosen = finding.value === null ? undefined : run.value?.findings[finding.value];
        const list = drivers.value ?? [];
        const known = list.some(({ key }) => key === event.driver.key);
        drivers.value = known
          ? list.map((old) => (old.key === event.driver.key ? event.driver : old))
          : [...list, event.driver];
        finding.value = chosen === undefined ? null : placeOf(chosen, run.value?.findings ?? []);
      } else if (event.kind === 'source') {
        const { driver: key, stale, problems } = event;
        drivers.value = (drivers.value ?? []).map((old) => (old.key === key ? { ...old, stale, problems } : old));
      } else if (event.kind === 'progress') {
        progress.value = { running: event.running, text: event.text };
      } else if (event.kind === 'reveal') {
        reveal(event.target);
      } else {
        debugging.receive(event);
        if (event.kind === 'paused') follow(event.at);
      }
    });
  }

  const attempt = (call: Promise<unknown>): void => {
    call.catch((error: unknown) => {
      failure.value = error instanceof Error ? error.message : String(error);
    });
  };

  source.listen(receive);

  const stopStoring = effect(() => {
    const state: SavedState = {
      driver: driverKey.value,
      run: runName.value,
      channel: wantedChannel.value,
      packet: wantedPacket.value,
      tab: tab.value,
      sort: sort.value,
      filter: filter.value,
      grouped: grouped.value,
      collapsed: collapsed.value,
      scroll: scroll.value,
      split: split.value,
    };
    source.store(state);
  });

  return {
    source,
    drivers,
    canRun,
    progress,
    driver,
    runIndex,
    run,
    isChosen,
    channelIndex,
    channel,
    packetIndex,
    packet,
    finding,
    byte,
    debugging: debugging.state,
    tab,
    sort,
    filter,
    grouped,
    collapsed,
    scroll,
    split,
    announcement,
    failure,
    selectRun,
    selectChannel(index) {
      batch(() => {
        wantedChannel.value = index;
        scroll.value = 0;
        selectPacket(null);
      });
    },
    selectPacket,
    openSource(place) {
      if (place === null || !source.live || driver.value === null) return;
      const { file, line, column = 1 } = place;
      attempt(source.call('openSource', { driver: driver.value.key, file, line, column }));
    },
    copy(text) {
      attempt(source.call('copy', { text }));
    },
    explainRule(rule) {
      attempt(source.call('explainRule', { rule }));
    },
    travel(event) {
      if (debugging.state.value?.isPaused === true) attempt(source.call('travel', { event }));
    },
    debugToFinding(index) {
      if (driver.value === null) return;
      attempt(source.call('debugToFinding', { driver: driver.value.key, run: runIndex.value, finding: index }));
    },
    openDebugged({ file, line, column = 1 }) {
      attempt(source.call('openDebugged', { file, line, column }));
    },
    runDriver() {
      attempt(source.call('run', { driver: driver.value?.key ?? null }));
    },
    cancel() {
      attempt(source.call('cancel', null));
    },
    exportReport(format) {
      attempt(source.call('exportReport', { format }));
    },
    dispose() {
      stopStoring();
      source.dispose();
    },
  };
}
