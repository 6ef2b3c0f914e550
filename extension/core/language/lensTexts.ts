/** What stands above a callback or test. */
import { type Figures, figuresText } from '../run/figures.js';

/** What is known of the driver the callback or test belongs to. */
export type LensState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'running' }
  | { readonly kind: 'broken' }
  /** Run, but this callback or test was not part of it. */
  | { readonly kind: 'unreached'; readonly stale: boolean }
  | { readonly kind: 'measured'; readonly figures: Figures; readonly stale: boolean };

export interface Lens {
  readonly title: string;
  readonly tooltip: string;
  readonly action: 'run' | 'debug' | 'cancel' | 'problems' | 'view';
}

const RUN: Lens = { title: 'Run', tooltip: 'Run the driver this belongs to', action: 'run' };

const DEBUG: Lens = { title: 'Debug', tooltip: 'Debug the driver this belongs to', action: 'debug' };

function edited(text: string, stale: boolean): string {
  return stale ? `${text} · edited` : text;
}

/** From left to right. */
export function lensesFor(state: LensState, what: 'save' | 'restore' | 'test'): readonly Lens[] {
  switch (state.kind) {
    case 'unknown':
      return [RUN, DEBUG];
    case 'running':
      return [{ title: 'Running…', tooltip: 'Cancel the run', action: 'cancel' }];
    case 'broken':
      return [RUN, DEBUG, { title: 'does not compile', tooltip: 'Show the problems', action: 'problems' }];
    case 'unreached':
      // A test that was written since has nothing to be said about.
      if (what === 'test') return [RUN, DEBUG];
      return [
        RUN,
        DEBUG,
        { title: edited('no run reached it', state.stale), tooltip: 'Show Packet Buffers', action: 'view' },
      ];
    case 'measured': {
      const title = edited(figuresText(state.figures), state.stale);
      const tooltip = state.stale
        ? 'Show Packet Buffers: the source has changed since this was measured'
        : 'Show Packet Buffers: packets and bytes of VSP state';
      return [RUN, DEBUG, { title, tooltip, action: 'view' }];
    }
  }
}
