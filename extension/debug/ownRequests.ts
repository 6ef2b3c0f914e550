/** Requests beyond the protocol, for the editor's own views: their names begin with `vsp`. */
import type { StopAt } from '../worker/debugProtocol.js';
import { RequestFailure } from './failure.js';
import { stopAtOf } from './launchAttributes.js';
import type { Handlers } from './requests.js';
import type { RunControl } from './runControl.js';
import { standingPlace } from './standingPlace.js';
import type { Surroundings } from './target.js';
import { TimelineLooks } from './timelineLooks.js';

export type { StandingBuffer, StandingPlace } from './standingPlace.js';

export const OWN_REQUESTS = {
  /** Trees of the debug panel: KernelTreeNode[]. */
  kernel: 'vspKernel',
  /** Where the run stands: StandingPlace. */
  place: 'vspPlace',
  /** Goes to a pass of a packet: StopAt. */
  stopAt: 'vspStopAt',
  /** Goes to a record of the event log, `{ record }`, or to an event of the timeline, `{ event }`. */
  travel: 'vspTravel',
  /** The events known of the run, as they differ from `{ since }`: TimelineChange. */
  timeline: 'vspTimeline',
  /** Before a launch: Surroundings. */
  surroundings: 'vspSurroundings',
} as const;

interface Travel {
  readonly record?: unknown;
  readonly event?: unknown;
}

function checked({ pass, packet }: StopAt): StopAt {
  return stopAtOf({ pass, ...(packet === undefined ? {} : { packet }) }) ?? { pass };
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

export function ownRequests(control: RunControl): Handlers {
  const looks = new TimelineLooks(control);
  return {
    [OWN_REQUESTS.kernel]: async () => ({
      nodes: await control.ask('kernelTree', { stop: control.standing.number }),
    }),
    [OWN_REQUESTS.place]: () => standingPlace(control),
    [OWN_REQUESTS.stopAt]: async ({ channel, ...at }: StopAt & { readonly threadId?: number }) => {
      const { pass, packet } = checked(at);
      const which = { ...(packet === undefined ? {} : { packet }), ...(channel === undefined ? {} : { channel }) };
      await control.resume({ kind: 'stopAt', at: { pass, ...which } });
      return undefined;
    },
    [OWN_REQUESTS.travel]: async ({ record, event }: Travel) => {
      const known = isIndex(event) ? looks.timeline.goalOf(event) : undefined;
      const goal = isIndex(record) ? ({ kind: 'travelToEvent', record } as const) : known;
      if (goal === undefined) {
        throw new RequestFailure('state', `The timeline has no event ${JSON.stringify(event ?? record ?? null)}.`);
      }
      await control.resume(goal);
      return undefined;
    },
    [OWN_REQUESTS.timeline]: async ({ since }: { readonly since?: unknown }) => {
      await looks.look();
      return looks.timeline.since(isIndex(since) ? since : 0);
    },
    [OWN_REQUESTS.surroundings]: async (surroundings: Surroundings) => {
      control.host.surround(surroundings);
      return undefined;
    },
  };
}
