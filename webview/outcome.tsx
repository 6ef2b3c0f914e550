/** How a run ended and how bad a finding is: an icon and a word, never a colour alone. */
import type { Outcome, Severity } from '../extension/core/run/report.js';
import { Icon, type IconName } from './icons.js';

const outcomes: Readonly<Record<Outcome, { readonly icon: IconName; readonly word: string; readonly mark: string }>> = {
  passed: { icon: 'pass', word: 'passed', mark: '✓' },
  failed: { icon: 'error', word: 'failed', mark: '✗' },
  error: { icon: 'error', word: 'stopped', mark: '✗' },
  timeout: { icon: 'watch', word: 'timed out', mark: '✗' },
};

export const outcomeWord = (outcome: Outcome): string => outcomes[outcome].word;
/** For places that take text only. */
export const outcomeMark = (outcome: Outcome): string => outcomes[outcome].mark;

export function OutcomeIcon({ outcome }: { readonly outcome: Outcome }) {
  const { icon, word } = outcomes[outcome];
  return <Icon name={icon} label={word} class={`outcome-${outcome}`} />;
}

export function SeverityIcon({ severity, label }: { readonly severity: Severity; readonly label?: string }) {
  return <Icon name={severity} label={label ?? severity} class={`severity-${severity}`} />;
}
