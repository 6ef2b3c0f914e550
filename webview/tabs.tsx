/** The lists of a run, one at a time. */

import { RunTimeline } from './debug/runTimeline.js';
import { Stream } from './detail/stream.js';
import { Timeline } from './detail/timeline.js';
import { FiguresPanel } from './figures/figuresPanel.js';
import { FindingsList } from './findings.js';
import { count } from './format.js';
import { FilterBox, GroupToggle } from './list/filterBox.js';
import type { ListModel } from './list/listModel.js';
import { PacketList } from './list/packetList.js';
import { OutputList } from './output.js';
import type { Tab } from './savedState.js';
import type { Store } from './store.js';

interface TabProps {
  readonly store: Store;
  readonly model: ListModel;
}

interface TabInfo {
  readonly id: Tab;
  readonly label: string;
  /** Null: no number beside the label. */
  readonly amount: number | null;
}

/** Output is there only where the driver printed something. */
function tabsOf(store: Store): readonly TabInfo[] {
  const run = store.run.value;
  const output = run?.output?.length ?? 0;
  return [
    { id: 'packets', label: 'Packets', amount: store.channel.value?.packets.count ?? 0 },
    { id: 'findings', label: 'Findings', amount: run?.findings.filter(({ suppressed }) => !suppressed).length ?? 0 },
    { id: 'stream', label: 'Save stream', amount: null },
    { id: 'timeline', label: 'Timeline', amount: null },
    { id: 'figures', label: 'Figures', amount: null },
    ...(output > 0 ? [{ id: 'output', label: 'Output', amount: output } as const] : []),
  ];
}

export function Tabs({ store, model }: TabProps) {
  const tabs = tabsOf(store);
  const shown = tabs.find(({ id }) => id === store.tab.value)?.id ?? 'packets';

  function onKeyDown(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
    const at = tabs.findIndex(({ id }) => id === shown);
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    };
    const next = tabs[moves[event.key] ?? -1];
    if (next === undefined) return;
    event.preventDefault();
    store.tab.value = next.id;
    event.currentTarget.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  }

  return (
    <>
      <div class="tab-bar">
        <div class="tabs" role="tablist" aria-label="Lists" onKeyDown={onKeyDown}>
          {tabs.map(({ id, label, amount }) => (
            <button
              type="button"
              key={id}
              id={`tab-${id}`}
              class="tab"
              role="tab"
              aria-selected={id === shown}
              aria-controls="tab-panel"
              tabIndex={id === shown ? 0 : -1}
              onClick={() => {
                store.tab.value = id;
              }}
            >
              {label}
              {amount !== null && <span class="badge">{count(amount)}</span>}
            </button>
          ))}
        </div>
        {shown === 'packets' && (
          <div class="list-tools">
            <FilterBox store={store} model={model} />
            <GroupToggle store={store} />
          </div>
        )}
      </div>
      <div class="tab-panel" id="tab-panel" role="tabpanel" aria-labelledby={`tab-${shown}`}>
        <Panel tab={shown} store={store} model={model} />
      </div>
    </>
  );
}

function Panel({ tab, store, model }: TabProps & { readonly tab: Tab }) {
  switch (tab) {
    case 'packets':
      return <PacketList store={store} model={model} />;
    case 'findings':
      return <FindingsList store={store} />;
    case 'stream':
      return <Stream store={store} />;
    case 'timeline':
      return store.debugging.value === null ? (
        <Timeline store={store} />
      ) : (
        <RunTimeline store={store} debugging={store.debugging.value} />
      );
    case 'figures':
      return <FiguresPanel store={store} model={model} />;
    case 'output':
      return <OutputList store={store} />;
  }
}
