/** The channel's states and callbacks in their order. */
import type { Store } from '../store.js';

export function Timeline({ store }: { readonly store: Store }) {
  return <p>{store.channel.value?.timeline?.events.length ?? 0} events</p>;
}
