/** Keys of the whole page: the filter, and from region to region. */
import type { Store } from './store.js';

/**
 * `/` goes to the filter. F6 and Shift+F6 go to the next and the last region of the page; behind the outermost region
 * the key is left to the editor, which goes on to its own next part. Escape leaves the detail pane for the list, and
 * closes it from there.
 */
export function onPageKey(event: KeyboardEvent, store: Store): void {
  if (event.defaultPrevented) return;
  const page = document.body;
  const target = event.target instanceof HTMLElement ? event.target : page;
  if (event.key === '/' && !isTyping(target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const filter = page.querySelector<HTMLElement>('input.filter-text');
    if (filter === null) return;
    filter.focus();
  } else if (event.key === 'F6' && !event.ctrlKey && !event.altKey && !event.metaKey) {
    if (!cycle(page, target, event.shiftKey ? -1 : 1)) return;
    event.stopPropagation();
  } else if (event.key === 'Escape' && store.packetIndex.value !== null) {
    const inDetail = target.closest('.side') !== null;
    if (!inDetail) store.selectPacket(null);
    focusList(page);
  } else {
    return;
  }
  event.preventDefault();
}

const isTyping = (target: HTMLElement): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;

const focusable = 'button:not([disabled]), [href], input, select, textarea, [tabindex="0"]';

function cycle(page: HTMLElement, from: HTMLElement, step: 1 | -1): boolean {
  const regions = Array.from(page.querySelectorAll<HTMLElement>('[data-region]'));
  const at = regions.findIndex((region) => region.contains(from));
  for (let next = at + step; next >= 0 && next < regions.length; next += step) {
    const region = regions[next]!;
    const first = region.querySelector<HTMLElement>('[data-region-start][tabindex="0"]') ?? firstIn(region);
    if (first === null) continue;
    first.focus();
    return true;
  }
  return false;
}

const firstIn = (region: HTMLElement): HTMLElement | null =>
  Array.from(region.querySelectorAll<HTMLElement>(focusable)).find((element) => element.tabIndex >= 0) ?? null;

/** The list's row that has the focus in turn; the tab where its list has none. */
function focusList(page: HTMLElement): void {
  const row = page.querySelector<HTMLElement>('[data-region-start][tabindex="0"]');
  (row ?? page.querySelector<HTMLElement>('[role=tab][aria-selected=true]'))?.focus();
}
