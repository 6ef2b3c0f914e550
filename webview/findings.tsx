/** The run's findings: severity, message, rule, packet and place. */
import { useEffect, useRef } from 'preact/hooks';
import type { Finding } from '../extension/core/run/report.js';
import { Empty } from './empty.js';
import { count } from './format.js';
import { Icon } from './icons.js';
import { SeverityIcon } from './outcome.js';
import type { Store } from './store.js';

const ranks = { error: 0, warning: 1, info: 2 } as const;

interface Place {
  readonly finding: Finding;
  /** Index into the run's findings. */
  readonly index: number;
}

/** What counts first, the severest first; the report's order within. */
export function ordered(findings: readonly Finding[]): readonly Place[] {
  return findings
    .map((finding, index) => ({ finding, index }))
    .sort(
      (a, b) =>
        Number(a.finding.suppressed) - Number(b.finding.suppressed) ||
        ranks[a.finding.severity] - ranks[b.finding.severity] ||
        a.index - b.index,
    );
}

export function FindingsList({ store }: { readonly store: Store }) {
  const list = useRef<HTMLUListElement>(null);
  const places = ordered(store.run.value?.findings ?? []);
  const selected = store.finding.value;
  useEffect(() => {
    list.current?.querySelector('[aria-current=true]')?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  if (places.length === 0) {
    return (
      <Empty icon="pass" title="No findings">
        This run broke none of the rules that were checked.
      </Empty>
    );
  }

  function onKeyDown(event: KeyboardEvent): void {
    const rows = Array.from(list.current?.querySelectorAll<HTMLElement>('.finding-main') ?? []);
    const own = (event.target as HTMLElement).closest('li')?.querySelector<HTMLElement>('.finding-main');
    const at = own ? rows.indexOf(own) : -1;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: rows.length - 1,
    };
    const next = rows[moves[event.key] ?? -1];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }

  const start = places.some(({ index }) => index === selected) ? selected : places[0]?.index;
  return (
    <ul class="findings" aria-label="Findings" ref={list} onKeyDown={onKeyDown}>
      {places.map(({ finding, index }) => (
        <FindingRow
          key={index}
          store={store}
          finding={finding}
          isSelected={index === selected}
          isStart={index === start}
          onSelect={() => selectFinding(store, index)}
          onDebug={() => store.debugToFinding(index)}
        />
      ))}
    </ul>
  );
}

/** Its packet is selected with it, and its line opens. */
function selectFinding(store: Store, index: number): void {
  const finding = store.run.value?.findings[index];
  if (!finding) return;
  if (finding.channel !== null && finding.channel !== store.channelIndex.value) store.selectChannel(finding.channel);
  if (finding.packetIndex !== null) store.selectPacket(finding.packetIndex);
  store.finding.value = index;
  store.openSource(finding.location);
}

interface FindingRowProps {
  readonly store: Store;
  readonly finding: Finding;
  readonly isSelected: boolean;
  readonly isStart: boolean;
  readonly onSelect: () => void;
  readonly onDebug: () => void;
}

function FindingRow({ store, finding, isSelected, isStart, onSelect, onDebug }: FindingRowProps) {
  const { severity, message, rule, location, packetIndex, suppressed } = finding;
  return (
    <li class={`finding ${suppressed ? 'suppressed' : ''}`} aria-current={isSelected}>
      <SeverityIcon severity={severity} label={suppressed ? `${severity}, suppressed` : severity} />
      <button
        type="button"
        class="finding-main"
        tabIndex={isStart ? 0 : -1}
        data-region-start={isStart ? '' : undefined}
        onClick={onSelect}
      >
        {message}
      </button>
      <span class="finding-facts">
        {suppressed && <span class="tag">suppressed</span>}
        {packetIndex !== null && <span class="dim">packet {count(packetIndex)}</span>}
        <button
          type="button"
          class="link rule"
          title={`What ${rule} means`}
          disabled={!store.source.live}
          onClick={() => store.explainRule(rule)}
        >
          {rule}
        </button>
        {location && (
          <button
            type="button"
            class="link"
            title={`${location.file}:${location.line}:${location.column} in ${location.function}`}
            disabled={!store.source.live}
            onClick={() => store.openSource(location)}
          >
            {baseName(location.file)}:{location.line}
          </button>
        )}
        {store.source.live && (
          <button
            type="button"
            class="tool"
            aria-label={`Debug to this finding: ${rule}`}
            title={store.canRun.value ? 'Debug to this finding' : 'Debugging needs a trusted workspace'}
            disabled={!store.canRun.value}
            onClick={onDebug}
          >
            <Icon name="debug-alt" />
          </button>
        )}
      </span>
    </li>
  );
}

export const baseName = (file: string): string => file.slice(file.lastIndexOf('/') + 1);
