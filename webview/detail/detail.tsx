/** The selected packet: its passes, its saved bytes and what its fields say. */
import type { Packet } from '../../extension/core/run/report.js';
import { plural } from '../format.js';
import { Icon } from '../icons.js';
import type { Store } from '../store.js';
import { Bytes } from './bytes.js';
import { Findings } from './findings.js';
import { Sequence } from './sequence.js';

export function Detail({ store }: { readonly store: Store }) {
  const packet = store.packet.value;
  return (
    <section class="detail" aria-label="Selected packet">
      {packet === null ? (
        <p class="empty">Select a packet to see both passes of its save, its restore and its saved bytes.</p>
      ) : (
        <Selected store={store} packet={packet} />
      )}
    </section>
  );
}

function Selected({ store, packet }: { readonly store: Store; readonly packet: Packet }) {
  const channel = store.channel.value?.index ?? 0;
  const findings = (store.run.value?.findings ?? []).filter(
    (finding) => finding.packetIndex === packet.index && finding.channel === channel,
  );
  return (
    <>
      <header class="detail-head">
        <div>
          <h2>
            <span class="packet-kind">{packet.kind}</span> <span class="dim">#{packet.index}</span>
          </h2>
          <span class="chip">{packet.state === 'inFlight' ? 'in flight' : 'queued'}</span>
          <span>{`${plural(packet.stateBytes, 'byte')} saved`}</span>
          <span class="dim library">{`${plural(packet.libraryBytes, 'library byte')}, simulated`}</span>
        </div>
        <button type="button" class="tool" title="Close" onClick={() => store.selectPacket(null)}>
          <Icon name="close" label="Close" />
        </button>
      </header>
      {packet.stubbed ? (
        <p class="stubbed">
          <Icon name="question" />A function that nobody simulates was called here: these figures rest on its stub.
        </p>
      ) : null}
      <Sequence store={store} packet={packet} findings={findings} />
      <Findings store={store} findings={findings} />
      <Bytes store={store} packet={packet} />
    </>
  );
}
