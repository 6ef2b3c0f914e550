/** Requests beyond the protocol, for the editor's own views: their names begin with `vsp`. */
import type { StopAt } from '../worker/debugProtocol.js';
import { stopAtOf } from './launchAttributes.js';
import type { Handlers } from './requests.js';
import type { RunControl } from './runControl.js';
import type { Surroundings } from './target.js';

export const OWN_REQUESTS = {
  /** Trees of the debug panel: KernelTreeNode[]. */
  kernel: 'vspKernel',
  /** Where the run stands: StandingPlace. */
  place: 'vspPlace',
  /** Goes to a pass of a packet: StopAt. */
  stopAt: 'vspStopAt',
  /** Goes to a record of the event log: `{ record }`. */
  travel: 'vspTravel',
  /** The event log so far, and the locations it names. */
  events: 'vspEvents',
  /** Before a launch: Surroundings. */
  surroundings: 'vspSurroundings',
} as const;

/** The packet whose callback runs; null where none does. */
export interface StandingPlace {
  /** Name of the run. */
  readonly run: string;
  readonly channel: number | null;
  readonly packet: number | null;
  readonly pass: 'query' | 'write' | 'restore' | null;
}

function checked({ pass, packet }: StopAt): StopAt {
  return stopAtOf({ pass, ...(packet === undefined ? {} : { packet }) }) ?? { pass };
}

export function ownRequests(control: RunControl): Handlers {
  return {
    [OWN_REQUESTS.kernel]: async () => ({
      nodes: await control.ask('kernelTree', { stop: control.standing.number }),
    }),
    [OWN_REQUESTS.place]: async (): Promise<StandingPlace> => {
      void control.standing;
      const { channel, packet, pass } = await control.target.request('kernel', {});
      return { run: control.launched.run, channel, packet, pass };
    },
    [OWN_REQUESTS.stopAt]: async ({ channel, ...at }: StopAt & { readonly threadId?: number }) => {
      const { pass, packet } = checked(at);
      const which = { ...(packet === undefined ? {} : { packet }), ...(channel === undefined ? {} : { channel }) };
      await control.resume({ kind: 'stopAt', at: { pass, ...which } });
      return undefined;
    },
    [OWN_REQUESTS.travel]: async ({ record }: { readonly record: number }) => {
      await control.resume({ kind: 'travelToEvent', record });
      return undefined;
    },
    [OWN_REQUESTS.surroundings]: async (surroundings: Surroundings) => {
      control.host.surround(surroundings);
      return undefined;
    },
    [OWN_REQUESTS.events]: async () => {
      void control.standing;
      return { events: await control.target.request('events', {}) };
    },
  };
}
