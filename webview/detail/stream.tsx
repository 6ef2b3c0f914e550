/** The channel's save stream: chunks, their buffers and the packets in each. */
import type { Store } from '../store.js';

export function Stream({ store }: { readonly store: Store }) {
  return <p>{store.channel.value?.saveStream.bytes ?? 0} bytes</p>;
}
