/** The selected packet's bytes, asked for one packet at a time. */
import { useEffect, useState } from 'preact/hooks';
import type { PacketBytes } from '../protocol.js';
import type { Store } from '../store.js';

export type SavedBytes =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'ready'; readonly packet: string; readonly value: PacketBytes };

const LOADING: SavedBytes = { state: 'loading' };

/**
 * Null while no packet is selected. A packet that is run again keeps its old bytes until the new ones have come, so that
 * nothing jumps; `packet` tells whether they are the same packet's.
 */
export function useSavedBytes(store: Store): SavedBytes | null {
  const driver = store.driver.value;
  const run = store.runIndex.value;
  const channel = store.channel.value?.index ?? 0;
  const packet = store.packetIndex.value;
  const key = `${driver?.key}\n${run}\n${channel}\n${packet}`;
  const [saved, setSaved] = useState<{ readonly key: string; readonly bytes: SavedBytes } | null>(null);

  useEffect(() => {
    if (driver === null || packet === null) return undefined;
    let wanted = true;
    const settle = (bytes: SavedBytes): void => {
      if (wanted) setSaved({ key, bytes });
    };
    store.source.call('packetBytes', { driver: driver.key, run, channel, packet }).then(
      (value) => settle({ state: 'ready', packet: key, value }),
      (error: unknown) => settle({ state: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [key, driver?.pack]);

  if (packet === null) return null;
  return saved?.key === key ? saved.bytes : LOADING;
}
