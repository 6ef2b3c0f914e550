/** Both passes of the save and the restore, drawn as what library and callbacks say to each other. */
import type { Finding, Packet, Position } from '../../extension/core/run/report.js';
import type { Store } from '../store.js';
import { SourceLink } from './link.js';
import { type Exchange, exchanges, type NoExchange } from './passes.js';
import { ToneIcon } from './toneIcon.js';

export interface SequenceProps {
  readonly store: Store;
  readonly packet: Packet;
  /** Those of this packet. */
  readonly findings: readonly Finding[];
}

export function Sequence({ store, packet, findings }: SequenceProps) {
  const callbacks = store.channel.value?.callbacks;
  return (
    <ol class="sequence" aria-label="What the library asked and the callbacks answered">
      {exchanges(packet, findings).map((each) => {
        const callback = each.pass === 'restore' ? callbacks?.restore : callbacks?.save;
        return 'why' in each ? (
          <Missing key={each.pass} {...each} />
        ) : (
          <Step key={each.pass} store={store} exchange={each} callback={callback ?? null} />
        );
      })}
    </ol>
  );
}

function Missing({ title, why }: NoExchange) {
  return (
    <li class="exchange missing">
      <h3>{title}</h3>
      <p>{why}</p>
    </li>
  );
}

interface StepProps {
  readonly store: Store;
  readonly exchange: Exchange;
  readonly callback: Position | null;
}

const FALLBACK_NAMES = { query: 'save callback', write: 'save callback', restore: 'restore callback' } as const;

/** The one argument of a pass goes without its name where room is short. */
const SIZE = 'SaveBufSize ';

function Step({ store, exchange, callback }: StepProps) {
  const { pass, title, given, status, statusTone, facts, tone } = exchange;
  return (
    <li class={`exchange edge-${tone}`}>
      <h3>
        <ToneIcon tone={tone} />
        {title}
        <span class="callee">
          <SourceLink store={store} place={callback}>
            {callback?.function ?? FALLBACK_NAMES[pass]}
          </SourceLink>
        </span>
      </h3>
      <div
        class="calls"
        title={[`${given} → ${status.name} ${status.hex}`, ...facts.map(({ text }) => text)].join(', ')}
      >
        <p class="call">
          <span>
            {given.startsWith(SIZE) ? <span class="size-name">{SIZE}</span> : null}
            {given.startsWith(SIZE) ? given.slice(SIZE.length) : given}
          </span>
        </p>
        <p class="answer">
          <span class={`status text-${statusTone}`}>
            {status.name} {status.name === status.hex ? null : <span class="number">{status.hex}</span>}
          </span>
          {facts.map(({ text, tone: mark }) => (
            <span key={text} class={`fact text-${mark}`}>
              {text}
            </span>
          ))}
        </p>
      </div>
    </li>
  );
}
