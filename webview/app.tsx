/** The page: header, overview, the tabs with their lists, and the selected packet beside them. */
import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Banners } from './banners.js';
import { PausedBar } from './debug/pausedBar.js';
import { PausedBuffer } from './debug/pausedBuffer.js';
import { RunTimeline } from './debug/runTimeline.js';
import { Detail } from './detail/detail.js';
import { EmptyPage, emptyReason } from './empty.js';
import { Overview } from './figures/overview.js';
import { Header } from './header.js';
import { createListModel, type ListModel } from './list/listModel.js';
import { announceResults } from './live.js';
import { onPageKey } from './pageKeys.js';
import { useSize } from './size.js';
import { Splitter } from './splitter.js';
import type { Store } from './store.js';
import { Tabs } from './tabs.js';

/** From this width on the detail pane stands beside the list, else below it. */
const besideFrom = 640;

export function App({ store }: { readonly store: Store }) {
  const model = useMemo(() => createListModel(store), [store]);
  useEffect(() => {
    const stop = announceResults(store, model);
    const onKeyDown = (event: KeyboardEvent) => onPageKey(event, store);
    document.addEventListener('keydown', onKeyDown);
    return () => {
      document.removeEventListener('keydown', onKeyDown);
      stop();
      model.dispose();
    };
  }, [store, model]);
  usePaintReport(store, model);
  const reason = emptyReason(store);
  return (
    <div class="page">
      <Header store={store} />
      <Banners store={store} />
      <PausedBar store={store} />
      {reason === null ? (
        <>
          {/* Its figures are of a run that has ended, and room is what a debugged one needs. */}
          {store.debugging.value === null && <Overview store={store} model={model} />}
          <Body store={store} model={model} />
        </>
      ) : store.debugging.value === null ? (
        <EmptyPage store={store} reason={reason} />
      ) : (
        <main class="lists" data-region aria-label="Debugged run">
          <PausedBuffer store={store} />
          <RunTimeline store={store} debugging={store.debugging.value} />
        </main>
      )}
      <div class="hidden" role="status">
        {store.announcement.value}
      </div>
    </div>
  );
}

function Body({ store, model }: { readonly store: Store; readonly model: ListModel }) {
  const body = useRef<HTMLDivElement>(null);
  const { width } = useSize(body);
  const debugged = store.debugging.value;
  const hasBuffer = debugged !== null && debugged.at.buffer !== null;
  const isOpen = store.packetIndex.value !== null || hasBuffer;
  const beside = width >= besideFrom;
  const share = `${(store.split.value * 100).toFixed(2)}%`;
  return (
    <div class={`body ${beside ? 'beside' : 'below'}`} ref={body}>
      <main class="lists" data-region aria-label="Packets and findings">
        <Tabs store={store} model={model} />
      </main>
      {isOpen && (
        <>
          <Splitter store={store} beside={beside} />
          <div class="side" data-region style={{ flexBasis: share }}>
            <PausedBuffer store={store} />
            {store.packetIndex.value !== null && <Detail store={store} />}
          </div>
        </>
      )}
    </div>
  );
}

/** Tells the source once per report that the list of it has been painted. */
function usePaintReport(store: Store, model: ListModel): void {
  const reported = useMemo(() => signal<unknown>(null), []);
  const driver = store.driver.value;
  const shown = model.rows.value?.arrangement.facts ?? null;
  useEffect(() => {
    const isNewest = shown === model.facts.value;
    if (driver === null || !isNewest || reported.value === driver.pack) return;
    reported.value = driver.pack;
    // The frame after the next one's start: what is rendered now has been painted then.
    requestAnimationFrame(() => setTimeout(() => store.source.shown(driver.key)));
  }, [driver, shown, store, model, reported]);
}
