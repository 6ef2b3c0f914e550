/** What stress found and tried in a run, as the report has it. */
import type { Draft } from '../rules/draft.js';
import { hexOf, REPLAY_VERSION, type Replay } from './replay.js';
import type { StressReport } from './reportBuilder.js';
import type { StressFinding } from './stressFindings.js';
import { changedBytes, KIND_WORDS, STRESS_KINDS, type StressKind } from './stressInjection.js';
import type { RunStress } from './stressSearch.js';

/** What replay files of a run have in common. */
export type ReplayHead = Pick<Replay, 'driver' | 'test' | 'paths' | 'settings'>;

function replayOf({ injection, record, draft }: StressFinding, head: ReplayHead): Replay {
  const { location, rule } = draft;
  const isRecord = injection.kind === 'record' && record !== undefined;
  return {
    vspLabReplay: REPLAY_VERSION,
    ...head,
    injection,
    ...(isRecord
      ? { record: { saved: hexOf(record.bytes), given: hexOf(changedBytes(record.bytes, injection.change)) } }
      : {}),
    finding: { rule, ...(location === null ? {} : { file: location.file, line: location.line }) },
  };
}

function draftOf(finding: StressFinding, head: ReplayHead): Draft {
  return { ...finding.draft, stress: { inputs: finding.inputs, replay: replayOf(finding, head) } };
}

export function stressReport({ level, tried, findings }: RunStress, head: ReplayHead): StressReport {
  return {
    drafts: findings.map((each) => draftOf(each, head)),
    summary: {
      level,
      tried: STRESS_KINDS.flatMap((kind) => {
        const inputs = tried.get(kind) ?? 0;
        return inputs === 0 ? [] : [{ kind, inputs }];
      }),
    },
  };
}

/** `3 chunk buffers`. */
export function triedText({ kind, inputs }: { readonly kind: StressKind; readonly inputs: number }): string {
  const [one, several] = KIND_WORDS[kind];
  return `${inputs} ${inputs === 1 ? one : several}`;
}
