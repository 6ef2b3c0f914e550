/** What the page knows of a debugged run: where it stands, and its events so far. */
import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { changedEvents, type KnownEvents, NO_EVENTS } from '../../extension/core/run/knownEvents.js';
import type { Paused } from '../protocol.js';
import type { Tab } from '../savedState.js';
import type { SourceEvent } from '../source.js';

export interface Debugging {
  /** Where it stands, or stood last. */
  readonly at: Paused;
  readonly isPaused: boolean;
  readonly known: KnownEvents;
}

export type DebugEvent = Extract<SourceEvent, { readonly kind: 'paused' | 'resumed' | 'debugEnded' }>;

/**
 * The timeline comes to the front when a session stops for the first time, and what was there before comes back when it
 * ends; in between the user chooses.
 */
export function createDebugging(tab: Signal<Tab>): {
  readonly state: ReadonlySignal<Debugging | null>;
  receive(event: DebugEvent): void;
} {
  const state = signal<Debugging | null>(null);
  let before: Tab | null = null;

  function paused({ at, timeline }: Extract<DebugEvent, { readonly kind: 'paused' }>): void {
    const old = state.value;
    const isSame = old?.at.session === at.session;
    const known = changedEvents(isSame ? old.known : NO_EVENTS, timeline) ?? NO_EVENTS;
    if (!isSame) {
      before ??= tab.value;
      tab.value = 'timeline';
    }
    state.value = { at, isPaused: true, known };
  }

  function ended(): void {
    state.value = null;
    if (before !== null && tab.value === 'timeline') tab.value = before;
    before = null;
  }

  return {
    state,
    receive(event) {
      batch(() => {
        if (event.kind === 'paused') paused(event);
        else if (event.kind === 'debugEnded') ended();
        else if (state.value !== null) state.value = { ...state.value, isPaused: false };
      });
    },
  };
}
