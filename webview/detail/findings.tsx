/** What the rules say of the selected packet. */
import type { Finding } from '../../extension/core/run/report.js';
import type { Store } from '../store.js';
import { SourceLink } from './link.js';
import { baseName } from './provenance.js';
import { ToneIcon } from './toneIcon.js';

export interface FindingsProps {
  readonly store: Store;
  readonly findings: readonly Finding[];
}

export function Findings({ store, findings }: FindingsProps) {
  if (findings.length === 0) return null;
  return (
    <ul class="packet-findings" aria-label="Findings of this packet">
      {findings.map((finding) => (
        <Item key={finding} store={store} finding={finding} />
      ))}
    </ul>
  );
}

function Item({ store, finding }: { readonly store: Store; readonly finding: Finding }) {
  const chosen = store.finding.value !== null && store.run.value?.findings[store.finding.value] === finding;
  return (
    <li class={`${finding.suppressed ? 'allowed ' : ''}${chosen ? 'chosen' : ''}`}>
      <ToneIcon tone={finding.suppressed ? 'info' : finding.severity} />
      <div>
        <p>
          <SourceLink store={store} place={finding.location}>
            {finding.message}
          </SourceLink>
        </p>
        <p class="dim">
          <RuleLink store={store} rule={finding.rule} />
          {finding.suppressed ? <span>allowed</span> : null}
          <PlaceText store={store} place={finding.location} />
          <DebugLink store={store} finding={finding} />
        </p>
        {finding.related.map(({ message, location }) => (
          <p key={message} class="dim related">
            <span>{message}</span>
            <PlaceText store={store} place={location} />
          </p>
        ))}
      </div>
    </li>
  );
}

function DebugLink({ store, finding }: { readonly store: Store; readonly finding: Finding }) {
  const index = store.run.value?.findings.indexOf(finding) ?? -1;
  if (!store.source.live || !store.canRun.value || index < 0) return null;
  return (
    <button
      type="button"
      class="link"
      title="Runs it under the debugger and stops where the finding is made"
      onClick={() => store.debugToFinding(index)}
    >
      Debug to this finding
    </button>
  );
}

function RuleLink({ store, rule }: { readonly store: Store; readonly rule: string }) {
  if (!store.source.live) return <span>{rule}</span>;
  return (
    <button type="button" class="link" title={`What ${rule} asks for`} onClick={() => store.explainRule(rule)}>
      {rule}
    </button>
  );
}

function PlaceText({ store, place }: { readonly store: Store; readonly place: Finding['location'] }) {
  if (place === null) return null;
  return (
    <SourceLink store={store} place={place}>
      {`${baseName(place.file)}:${place.line}`}
    </SourceLink>
  );
}
