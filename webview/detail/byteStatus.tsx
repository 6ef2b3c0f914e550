/** The line under the grid: what the cursor's byte is, what number starts there and which line of the driver wrote it. */
import type { Store } from '../store.js';
import { type ByteModel, fieldText, frameText, numbersAt, writerFrame, writerStack } from './byteModel.js';
import type { ByteView } from './byteView.js';
import { hexText } from './decode.js';
import { SourceLink } from './link.js';
import { hasSource } from './provenance.js';

export interface ByteStatusProps {
  readonly store: Store;
  readonly view: ByteView;
  readonly model: ByteModel;
}

export function ByteStatus({ store, view, model }: ByteStatusProps) {
  const byte = view.cursor.value;
  const selection = view.selection.value;
  if (byte === null || byte >= model.bytes.length) {
    return <p class="byte-status idle dim">Choose a byte or a field to see its value and the line that wrote it.</p>;
  }
  const field = fieldText(model, byte);
  return (
    <div class="byte-status">
      <p class="byte-facts">
        <span>
          <span class="dim">Offset </span>
          {byte} <span class="number">{hexText(BigInt(byte), 1)}</span>
        </span>
        {selection === null ? null : <span>{`${selection.end - selection.start} bytes selected`}</span>}
        {field === null ? null : <strong>{field}</strong>}
        {numbersAt(model.bytes, byte).map(({ name, text }) => (
          <span key={name}>
            <span class="dim">{name} </span>
            {text}
          </span>
        ))}
      </p>
      <Writer store={store} model={model} byte={byte} />
    </div>
  );
}

function Writer({ store, model, byte }: { readonly store: Store; readonly model: ByteModel; readonly byte: number }) {
  const frame = writerFrame(model, byte);
  if (frame === undefined) return <p class="writer dim">Who wrote it was not measured in this run.</p>;
  if (frame === null) {
    return (
      <p>
        <span class="flag flag-never">never written</span>{' '}
        <span class="dim">No store of the driver reached this byte: it carries what was in the buffer before.</span>
      </p>
    );
  }
  const callers = writerStack(model, byte).slice(writerStack(model, byte).indexOf(frame) + 1);
  return (
    <p class="writer">
      <span class="dim">Written by </span>
      <SourceLink store={store} place={frame} title={`${frame.file}:${frame.line} (Enter)`}>
        {hasSource(frame) ? `${frameText(frame)} (${frame.function})` : frame.function}
      </SourceLink>
      {callers.map((caller, index) => (
        <span key={index} class="caller">
          <SourceLink store={store} place={caller}>
            {hasSource(caller) ? `${caller.function} ${frameText(caller)}` : caller.function}
          </SourceLink>
        </span>
      ))}
    </p>
  );
}
