/** The record's fields with their values, each highlighting its bytes and highlighted by them. */
import type { RefObject } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Store } from '../store.js';
import { type ByteModel, type Span, writerFrame } from './byteModel.js';
import type { ByteView } from './byteView.js';
import { Cells, Head } from './fieldCells.js';
import { leavesAt } from './fieldMap.js';
import { type FieldRow, fieldRows, foldedAtFirst, pathsAbove, spanOf } from './fieldRows.js';
import { Rows } from './rows.js';

export interface FieldTableProps {
  readonly store: Store;
  readonly view: ByteView;
  readonly model: ByteModel;
  readonly container: RefObject<HTMLDivElement | null>;
  /** Back to the bytes of the field the table is at. */
  toBytes(): void;
}

export function FieldTable({ store, view, model, container, toBytes }: FieldTableProps) {
  const layout = model.map?.layout;
  const [folded, setFolded] = useState<ReadonlySet<string>>(() => foldedAtFirst(model));
  useEffect(() => setFolded(foldedAtFirst(model)), [layout]);
  const rows = useMemo(() => fieldRows(model, folded), [model, folded]);
  const cursor = view.cursor.value;
  const selection = view.selection.value;
  const [chosen, setChosen] = useState('');
  const active = useMemo(
    () => activeRow(rows, model, cursor, selection, chosen),
    [rows, model, cursor, selection, chosen],
  );
  const hovered = view.hovered.value;
  const saved = model.bytes.length;

  /** Unfolds what hides the cursor's field. */
  useEffect(() => {
    const leaf = cursor === null || model.map === null ? undefined : leavesAt(model.map, cursor)[0];
    if (model.map === null || leaf === undefined) return;
    const hiding = pathsAbove(model.map.tree, leaf).filter((path) => folded.has(path));
    // A group chosen as a whole stays folded.
    if (hiding.length === 0 || selection !== null) return;
    setFolded(new Set([...folded].filter((path) => !hiding.includes(path))));
  }, [cursor, selection, model]);

  const fold = (path: string, close: boolean): void => {
    const next = new Set(folded);
    if (close) next.add(path);
    else next.delete(path);
    setFolded(next);
  };

  const choose = (index: number): void => {
    const row = rows[index];
    const span = row === undefined ? null : spanOf(row, saved);
    if (row === undefined || span === null) return;
    setChosen(row.id);
    view.select(span);
  };

  const open = (index: number): void => {
    const row = rows[index];
    const span = row === undefined ? null : spanOf(row, saved);
    if (span !== null) store.openSource(writerFrame(model, span.start) ?? null);
  };

  const key = ({ key: name }: KeyboardEvent, index: number): boolean => {
    const row = rows[index];
    if (row === undefined) return false;
    if (name === 'Enter') open(index);
    else if (name === 'f' || name === 'F') toBytes();
    else if (name === 'ArrowRight' && row.kind === 'group') {
      if (row.open) choose(index + 1);
      else fold(row.node.path, false);
    } else if (name === 'ArrowLeft') {
      if (row.kind === 'group' && row.open) fold(row.node.path, true);
      else choose(parentOf(rows, index));
    } else return false;
    return true;
  };

  const click = (index: number, event: MouseEvent): void => {
    const row = rows[index];
    if (row?.kind === 'group' && event.target instanceof Element && event.target.closest('.fold') !== null) {
      fold(row.node.path, row.open);
      return;
    }
    choose(index);
    open(index);
  };

  return (
    <div class="fields" ref={container}>
      <Rows
        role="treegrid"
        class="field-rows"
        label={`Fields of ${layout?.name ?? 'the record'}`}
        count={rows.length}
        active={active}
        activate={choose}
        keyPressed={key}
        click={click}
        hover={(index) => {
          const row = index === null ? undefined : rows[index];
          view.hovered.value = row === undefined ? null : spanOf(row, saved);
        }}
        attributes={(index) => attributesOf(rows[index], hovered, saved)}
        head={<Head />}
        row={(index) => {
          const row = rows[index];
          return row === undefined ? null : <Cells model={model} row={row} />;
        }}
      />
    </div>
  );
}

/**
 * The line of the cursor. Several can stand for the same bytes (a union, bit-fields, an array of one): the one that was
 * chosen stays, else the first that was selected as a whole, else the cursor's field.
 */
function activeRow(
  rows: readonly FieldRow[],
  { bytes, map }: ByteModel,
  cursor: number | null,
  selection: Span | null,
  chosen: string,
): number | null {
  if (cursor === null) return null;
  const selected = selection ?? { start: cursor, end: cursor + 1 };
  const whole = (row: FieldRow): boolean => same(spanOf(row, bytes.length), selected);
  const kept = rows.findIndex((row) => row.id === chosen && whole(row));
  if (kept >= 0) return kept;
  const leaf = map === null ? undefined : leavesAt(map, cursor)[0];
  const fields = rows.findIndex((row) => row.kind === 'leaf' && row.node === leaf);
  const exact = selection === null ? -1 : rows.findIndex(whole);
  const index = exact >= 0 ? exact : fields;
  if (index >= 0) return index;
  const tail = rows.findIndex((row) => row.kind === 'tail' && cursor >= row.start);
  return tail < 0 ? null : tail;
}

const same = (a: Span | null, b: Span | null): boolean =>
  a !== null && b !== null && a.start === b.start && a.end === b.end;

const depthOf = (row: FieldRow): number => ('node' in row ? row.node.depth : 0);

function parentOf(rows: readonly FieldRow[], index: number): number {
  const row = rows[index];
  const depth = row === undefined ? 0 : depthOf(row);
  for (let above = index - 1; above >= 0; above -= 1) {
    const each = rows[above];
    if (each !== undefined && depthOf(each) < depth) return above;
  }
  return index;
}

function attributesOf(row: FieldRow | undefined, hovered: Span | null, saved: number) {
  if (row === undefined) return {};
  const padding = row.kind === 'leaf' && row.node.field.format === 'padding';
  const names = ['field-row', row.kind, padding ? 'padding' : '', same(spanOf(row, saved), hovered) ? 'hovered' : ''];
  return {
    class: names.filter((name) => name !== '').join(' '),
    'aria-level': depthOf(row) + 1,
    'aria-expanded': row.kind === 'group' ? row.open : undefined,
  };
}
