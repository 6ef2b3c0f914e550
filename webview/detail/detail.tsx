/** The selected packet: its passes, its saved bytes and what its fields say. */
import type { Store } from '../store.js';

export function Detail({ store }: { readonly store: Store }) {
  const packet = store.packet.value;
  return packet === null ? null : <p>Packet {packet.index}</p>;
}
