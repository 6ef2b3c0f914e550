/** Keeps the timeline of a session's run: a look at each place where somebody asks for it. */
import { runEvents } from '../core/run/runEvents.js';
import type { Launched, Stop } from '../worker/debugProtocol.js';
import type { RunControl } from './runControl.js';
import { type Ending, RunTimeline } from './runTimeline.js';

export class TimelineLooks {
  readonly #control: RunControl;
  #timeline = new RunTimeline();
  #launched: Launched | undefined;
  #edits = 0;
  /** Stop and edits of the last look: nothing moves in between. */
  #seen = '';

  constructor(control: RunControl) {
    this.#control = control;
  }

  get timeline(): RunTimeline {
    return this.#timeline;
  }

  async look(): Promise<void> {
    const control = this.#control;
    const { launched, standing, target } = control;
    const place = `${standing.number} ${control.edits}`;
    if (launched === this.#launched && place === this.#seen) return;
    const [log, findings] = await Promise.all([target.request('events', {}), target.request('findings', {})]);
    if (launched !== this.#launched) {
      this.#launched = launched;
      this.#timeline = new RunTimeline(this.#timeline.version);
    } else if (control.edits !== this.#edits) {
      this.#timeline.edited();
    }
    this.#edits = control.edits;
    this.#seen = place;
    const { stop } = standing;
    this.#timeline.look(runEvents(log, launched.driver.locations, findings), stop.moment.event, endingOf(stop));
  }
}

function endingOf({ reason, moment }: Stop): Ending | undefined {
  if (!('final' in reason) || !reason.final) return undefined;
  const { rule, message } = reason;
  return { rule, message, moment };
}
