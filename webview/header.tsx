/** Which run is shown, what is going on, and what can be done: one row. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { PackedRun } from '../extension/core/run/reportPack.js';
import { runTotals } from './figures/summary.js';
import { baseName } from './findings.js';
import { bytes, plural } from './format.js';
import { Icon } from './icons.js';
import { OutcomeIcon, outcomeMark, outcomeWord } from './outcome.js';
import type { Store } from './store.js';

export function Header({ store }: { readonly store: Store }) {
  const run = store.run.value;
  const { running } = store.progress.value;
  return (
    <header class="header" data-region>
      {running && <div class="progress" />}
      {run !== null && (
        <div class="pickers">
          <OutcomeIcon outcome={run.outcome} />
          <RunPicker store={store} />
          <ChannelPicker store={store} run={run} />
        </div>
      )}
      <Status store={store} />
      <Actions store={store} />
    </header>
  );
}

/** All runs of all drivers in one list; its values are places in it. */
function RunPicker({ store }: { readonly store: Store }) {
  const drivers = store.drivers.value ?? [];
  const driver = store.driver.value;
  const choices = drivers.flatMap(({ key, pack }) => pack.runs.map((run, index) => ({ key, run, index })));
  const chosen = choices.findIndex(({ key, index }) => key === driver?.key && index === store.runIndex.value);
  return (
    <select
      class="picker"
      aria-label="Run"
      value={chosen}
      onChange={(event) => {
        const choice = choices[Number(event.currentTarget.value)];
        if (choice) store.selectRun(choice.key, choice.index);
      }}
    >
      {drivers.map(({ key, name, pack }) => (
        <optgroup key={key} label={name}>
          {pack.runs.map((run, index) => {
            const place = choices.findIndex((choice) => choice.key === key && choice.index === index);
            return (
              <option key={run.name} value={place}>
                {runText(run)}
              </option>
            );
          })}
        </optgroup>
      ))}
    </select>
  );
}

function runText(run: PackedRun): string {
  const { packets, stateBytes } = runTotals(run);
  const figures = packets === 0 ? 'no packets' : `${plural(packets, 'packet')} · ${bytes(stateBytes)}`;
  const ended = run.outcome === 'passed' ? '' : ` · ${outcomeWord(run.outcome)}`;
  return `${outcomeMark(run.outcome)} ${run.name} · ${figures}${ended}`;
}

/** Channels without packets stay out of the way where another has some. */
function ChannelPicker({ store, run }: { readonly store: Store; readonly run: PackedRun }) {
  const shown = store.channelIndex.value;
  const withPackets = run.channels.filter(({ packets, index }) => packets.count > 0 || index === shown);
  if (withPackets.length < 2) return null;
  return (
    <select
      class="picker"
      aria-label="Channel"
      value={shown}
      onChange={(event) => store.selectChannel(Number(event.currentTarget.value))}
    >
      {withPackets.map(({ index, name, packets }) => (
        <option key={index} value={index}>
          {`${name || 'channel'} ${index} · ${plural(packets.count, 'packet')}`}
        </option>
      ))}
    </select>
  );
}

/** What is going on; else why the run did not pass, or that it is out of date. */
function Status({ store }: { readonly store: Store }) {
  const { running, text } = store.progress.value;
  if (running) return <span class="status-text">{text || 'Running…'}</span>;
  const driver = store.driver.value;
  const run = store.run.value;
  const message = run && run.outcome !== 'passed' && driver?.problems.length === 0 ? run.message : undefined;
  return (
    <span class="status-text">
      {driver?.stale && <span class="stale">Source changed since this run</span>}
      {run && message && (
        <span title={message}>
          {store.source.live && (
            <button type="button" class="link" onClick={() => store.openSource(run)}>
              {baseName(run.file)}:{run.line}
            </button>
          )}{' '}
          {message}
        </span>
      )}
    </span>
  );
}

function Actions({ store }: { readonly store: Store }) {
  const { running } = store.progress.value;
  if (!store.source.live) return null;
  return (
    <div class="actions" role="toolbar" aria-label="Run and export">
      {running ? (
        <button type="button" class="tool" title="Cancel the run" aria-label="Cancel the run" onClick={store.cancel}>
          <Icon name="debug-stop" />
        </button>
      ) : (
        <button
          type="button"
          class="tool"
          title={store.canRun.value ? 'Run again' : 'Running needs a trusted workspace'}
          aria-label="Run again"
          disabled={!store.canRun.value}
          onClick={() => store.runDriver()}
        >
          <Icon name="play" />
        </button>
      )}
      <ExportMenu store={store} />
    </div>
  );
}

const formats = [
  { format: 'html', text: 'HTML: this view in one file' },
  { format: 'csv', text: 'CSV: one line per packet' },
  { format: 'json', text: 'JSON: the whole report' },
] as const;

function ExportMenu({ store }: { readonly store: Store }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!isOpen) return;
    menu.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    const close = (event: PointerEvent) => {
      if (!menu.current?.parentElement?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', close);
    return () => document.removeEventListener('pointerdown', close);
  }, [isOpen]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  function onKeyDown(event: KeyboardEvent): void {
    const items = Array.from(menu.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? []);
    const at = items.indexOf(document.activeElement as HTMLElement);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at + items.length - 1) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const next = moves[event.key];
    if (next !== undefined) items[next]?.focus();
    else if (event.key === 'Escape') close();
    else if (event.key === 'Tab') {
      setOpen(false);
      return;
    } else return;
    event.preventDefault();
  }

  return (
    <div class="menu-anchor">
      <button
        type="button"
        class="tool"
        ref={button}
        title="Export report"
        aria-label="Export report"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        disabled={store.run.value === null}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="export" />
      </button>
      {isOpen && (
        <div class="menu" role="menu" aria-label="Export report" ref={menu} onKeyDown={onKeyDown} tabIndex={-1}>
          {formats.map(({ format, text }) => (
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              key={format}
              onClick={() => {
                close();
                store.exportReport(format);
              }}
            >
              {text}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
