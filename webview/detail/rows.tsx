/**
 * A long list with one tab stop: rows in sight only, moved through by keys. The active row is always there, so that a
 * screen reader finds it by its id.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { RowScroller, type RowWindow } from './window.js';

export interface RowsProps {
  readonly role: 'grid' | 'treegrid';
  readonly label: string;
  readonly class: string;
  readonly count: number;
  /** The row keys act on; null before there is one. */
  readonly active: number | null;
  readonly head: ComponentChildren;
  /** Where F6 arrives in this region of the page. */
  readonly regionStart?: boolean;
  row(index: number): ComponentChildren;
  /** Attributes of a row: its level, whether it is open, its class. */
  attributes?(index: number): Readonly<Record<string, string | number | boolean | undefined>>;
  activate(index: number): void;
  /** Any other key; true when it was used. */
  keyPressed?(event: KeyboardEvent, index: number): boolean;
  click?(index: number, event: MouseEvent): void;
  hover?(index: number | null): void;
}

const OVERSCAN = 8;
const NEAREST: ScrollIntoViewOptions = { block: 'nearest', inline: 'nearest' };
const ROW_HEIGHT = 22;

export function Rows(props: RowsProps) {
  const { count, active, head, row, attributes, activate, keyPressed, click, hover } = props;
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRef(new RowScroller()).current;
  const [, setWindow] = useState<RowWindow>({ first: 0, end: 0 });
  const [height, setHeight] = useState(0);
  const refresh = (): void => {
    const next = rows.window(OVERSCAN);
    setWindow((old) => (old.first === next.first && old.end === next.end && !rows.stretched ? old : next));
  };

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const take = (): void => setHeight(element.clientHeight);
    const measure = new ResizeObserver(take);
    measure.observe(element);
    take();
    return () => measure.disconnect();
  }, []);

  rows.resize(count, ROW_HEIGHT, height);

  useLayoutEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = rows.real;
  }, [count, height, rows]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null || active === null || height === 0) return;
    if (rows.reveal(active)) {
      element.scrollTop = rows.real;
      refresh();
    }
    // Within the pane around the list, for those who move by keys.
    if (element === document.activeElement) document.getElementById(`${id}-${active}`)?.scrollIntoView(NEAREST);
  }, [active, height]);

  const scrolled = (): void => {
    const top = scroller.current?.scrollTop ?? 0;
    if (Math.abs(top - rows.real) >= 1) rows.scrolled(top);
    refresh();
  };

  const pressed = (event: KeyboardEvent): void => {
    // A link in a row takes its own Enter and space.
    if (event.target instanceof HTMLButtonElement && (event.key === 'Enter' || event.key === ' ')) return;
    const from = active ?? 0;
    const to = active === null ? 0 : target(event, from, count, rows.rowsInSight);
    if (to !== undefined && isMove(event.key)) activate(Math.max(0, Math.min(count - 1, to)));
    else if (keyPressed?.(event, from) !== true) return;
    event.preventDefault();
  };

  const { first, end } = rows.window(OVERSCAN);
  const shown = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
  if (active !== null && active < count && !shown.includes(active)) shown.push(active);
  return (
    <div class={`rows ${props.class}`} style={{ '--row-count': count }}>
      {/* What is seen of the head stands outside the element that scrolls and has the focus; what is heard, inside. */}
      <div class="rows-head" aria-hidden="true">
        {head}
      </div>
      <div
        class="rows-scroller"
        role={props.role}
        aria-label={props.label}
        aria-rowcount={count + 1}
        aria-activedescendant={active === null || active >= count ? undefined : `${id}-${active}`}
        tabIndex={0}
        data-region-start={props.regionStart}
        ref={scroller}
        onScroll={scrolled}
        onKeyDown={pressed}
        onFocus={() => active === null && count > 0 && activate(0)}
      >
        <div class="hidden" role="row" aria-rowindex={1}>
          {head}
        </div>
        <div class="rows-space" style={{ height: `${rows.height}px` }} onMouseLeave={() => hover?.(null)}>
          {shown.map((index) => (
            <div
              key={index}
              id={`${id}-${index}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={index === active}
              style={{ transform: `translateY(${rows.top(index)}px)` }}
              onClick={(event) => click?.(index, event)}
              onMouseEnter={() => hover?.(index)}
              {...attributes?.(index)}
            >
              {row(index)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

const MOVES: readonly string[] = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End'];

const isMove = (key: string): boolean => MOVES.includes(key);

function target({ key }: KeyboardEvent, from: number, count: number, page: number): number | undefined {
  switch (key) {
    case 'ArrowUp':
      return from - 1;
    case 'ArrowDown':
      return from + 1;
    case 'PageUp':
      return from - Math.max(1, page - 1);
    case 'PageDown':
      return from + Math.max(1, page - 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
