/** The saved bytes of the selected packet: grid, fields and the line that says what is under the cursor. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Packet, RecordLayout } from '../../extension/core/run/report.js';
import { count, plural } from '../format.js';
import { Icon } from '../icons.js';
import type { Store } from '../store.js';
import { type ByteModel, byteModel, tailStart, writerFrame } from './byteModel.js';
import { ByteStatus } from './byteStatus.js';
import { copied, createByteView } from './byteView.js';
import { FieldTable } from './fieldTable.js';
import type { HexGrid } from './hexGrid.js';
import { HexPane } from './hexPane.js';
import { type SavedBytes, useSavedBytes } from './savedBytes.js';
import { COPY_LIMIT, cArray, hexLines } from './text.js';

export interface BytesProps {
  readonly store: Store;
  readonly packet: Packet;
}

export function Bytes({ store, packet }: BytesProps) {
  const saved = useSavedBytes(store);
  const why = whyNone(saved, packet);
  const layout = packet.record === undefined ? undefined : store.run.value?.records?.[packet.record];
  return (
    <section class="saved" aria-label="Saved bytes">
      {why !== null || saved?.state !== 'ready' || saved.value.bytes === null ? (
        <>
          <div class="saved-title">
            <Title packet={packet} layout={layout} />
          </div>
          <p class="empty">{why}</p>
        </>
      ) : (
        <Shown store={store} packet={packet} layout={layout} saved={saved} bytes={saved.value.bytes} />
      )}
    </section>
  );
}

/** What is said in place of the bytes. */
function whyNone(saved: SavedBytes | null, packet: Packet): string | null {
  if (packet.stateBytes === 0) return 'This packet saved no bytes of its own.';
  if (saved === null || saved.state === 'loading') return 'Reading the bytes…';
  if (saved.state === 'failed') return saved.message;
  if (saved.value.bytes !== null) return null;
  return "Its bytes were not kept: a run keeps those of a channel's first 10,000 packets.";
}

interface TitleProps {
  readonly packet: Packet;
  readonly layout: RecordLayout | undefined;
  readonly children?: ComponentChildren;
}

function Title({ packet, layout, children }: TitleProps) {
  return (
    <div>
      <h3>Saved bytes</h3>
      <span class="dim">{titleText(packet.stateBytes, layout)}</span>
      {children}
    </div>
  );
}

function titleText(saved: number, layout: RecordLayout | undefined): string {
  if (layout === undefined) return saved === 0 ? '' : plural(saved, 'byte');
  const figure = saved === layout.size ? plural(saved, 'byte') : `${count(saved)} bytes of ${count(layout.size)}`;
  return saved > layout.size
    ? `${layout.name}, ${count(layout.size)} bytes and a tail of ${count(saved - layout.size)}`
    : `${layout.name}, ${figure}`;
}

interface ShownProps extends BytesProps {
  readonly layout: RecordLayout | undefined;
  readonly saved: Extract<SavedBytes, { readonly state: 'ready' }>;
  readonly bytes: Uint8Array;
}

function Shown({ store, packet, layout, saved, bytes }: ShownProps) {
  const view = useMemo(() => createByteView(store), [store]);
  const writers = store.run.value?.writers;
  const model = useMemo(
    () => byteModel(bytes, layout, saved.value.writtenBy, writers ?? []),
    [bytes, layout, saved, writers],
  );
  useEffect(() => {
    view.model.value = model;
  }, [view, model]);
  const grid = useRef<HexGrid>(null);
  const fields = useRef<HTMLDivElement>(null);
  const [note, setNote] = useState('');
  useEffect(() => setNote(''), [saved.packet]);

  const say = (text: string): void => {
    setNote(text);
    store.announcement.value = text;
  };
  const copy = (form: 'C array' | 'hex text'): void => {
    const cursor = view.cursor.peek();
    const one = form === 'hex text' && view.selection.peek() === null && cursor !== null;
    const span = one ? { start: cursor, end: cursor + 1 } : copied(view, model);
    const taken = model.bytes.subarray(span.start, Math.min(span.end, span.start + COPY_LIMIT));
    const range = `bytes ${span.start} to ${span.start + taken.length - 1} of ${bytes.length}`;
    const name = layout?.name ?? 'Packet';
    const heading = { name: `${name}_${packet.index}`, comment: `${packet.kind} #${packet.index}, ${name}, ${range}` };
    store.copy(form === 'C array' ? cArray(taken, heading) : hexLines(taken));
    const cut = taken.length < span.end - span.start ? `the first ${count(taken.length)} of ` : '';
    say(`Copied ${cut}${plural(span.end - span.start, 'byte')} as ${form === 'C array' ? 'a C array' : 'hex text'}`);
  };

  return (
    <>
      <div class="saved-title">
        <Title packet={packet} layout={layout}>
          <Legend model={model} />
          <span class="note">{note}</span>
        </Title>
        <button type="button" class="tool" title="Copy as C array (C)" onClick={() => copy('C array')}>
          <Icon name="copy" />
          <span>C array</span>
        </button>
      </div>
      <div class={`saved-body ${model.map === null ? 'no-record' : ''}`}>
        <HexPane
          view={view}
          label={`Bytes of ${packet.kind} ${packet.index}`}
          packet={saved.packet}
          grid={grid}
          open={(byte) => store.openSource(writerFrame(model, byte) ?? null)}
          copyArray={() => copy('C array')}
          copyHex={() => copy('hex text')}
          toField={() => fields.current?.querySelector<HTMLElement>('[role=treegrid]')?.focus()}
          speak={(text) => {
            if (document.body.classList.contains('vscode-using-screen-reader')) store.announcement.value = text;
          }}
        />
        {model.map === null ? (
          <p class="fields empty">No record type could be told for these bytes.</p>
        ) : (
          <FieldTable
            store={store}
            view={view}
            model={model}
            container={fields}
            toBytes={() => grid.current?.focus()}
          />
        )}
      </div>
      <ByteStatus store={store} view={view} model={model} />
    </>
  );
}

/** What the marks in the grid mean, as far as this packet has them. */
function Legend({ model }: { readonly model: ByteModel }) {
  const never = model.provenance.neverWrittenIn(0, model.bytes.length);
  const padding = model.map?.bands.some((band) => band.tone === 'padding' && band.start < model.bytes.length) ?? false;
  return (
    <span class="legend">
      {padding ? <Key name="padding" text="padding" /> : null}
      {tailStart(model) === null ? null : <Key name="tail" text="tail" />}
      {never === 0 ? null : <Key name="never" text={`${plural(never, 'byte')} never written`} />}
    </span>
  );
}

const Key = ({ name, text }: { readonly name: string; readonly text: string }) => (
  <span class="legend-key">
    <span class={`swatch ${name}`} aria-hidden="true">
      00
    </span>
    {text}
  </span>
);
