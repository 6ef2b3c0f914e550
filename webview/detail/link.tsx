/** A place in the driver's source: a link where there is an editor to open it, plain text in an exported file. */
import type { ComponentChildren } from 'preact';
import type { Store } from '../store.js';
import { hasSource } from './provenance.js';

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

export interface SourceLinkProps {
  readonly store: Store;
  readonly place: Place | null | undefined;
  readonly children: ComponentChildren;
  /** Said on hover and to a screen reader; the whole path, as a rule. */
  readonly title?: string;
  /** False in a row that has the focus itself and opens the same place by Enter. */
  readonly focusable?: boolean;
}

export const placeText = ({ file, line }: Place): string => `${file}:${line}`;

export function SourceLink({ store, place, children, title, focusable = true }: SourceLinkProps) {
  if (place === null || place === undefined) return <span>{children}</span>;
  const hint = title ?? placeText(place);
  if (!store.source.live || !hasSource(place)) return <span title={hint}>{children}</span>;
  const open = (event: Event): void => {
    event.stopPropagation();
    store.openSource(place);
  };
  return (
    <button type="button" class="link" tabIndex={focusable ? 0 : -1} title={`Open ${hint}`} onClick={open}>
      {children}
    </button>
  );
}
