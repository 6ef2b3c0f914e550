/** All findings of one run: faults and breaches, one per fault, expectations and allow comments applied. */
import { FAULT } from '../kmcl/layout.js';
import type { Finding } from '../run/report.js';
import { Allows } from './allow.js';
import { breachFindings } from './breaches.js';
import { findRule } from './catalogue.js';
import { breachesOf, differentialDrafts } from './differential.js';
import { type Draft, draft, type RuleInput, severityOf } from './draft.js';
import { faultFinding } from './faults.js';
import { explainLeaks } from './leakCauses.js';
import { faultKey, oneFindingPerFault, ruleName, withoutRepetitions } from './merge.js';
import { userPosition } from './positions.js';

/** One remark per stub that was called (interfaces section 3). */
function stubFindings(input: RuleInput): readonly Draft[] {
  // Where stubs are denied the first call has ended the run, and that is said already.
  if (input.checks === 'off' || input.result.fault?.kind === FAULT.STUB) return [];
  return input.result.stubs
    .filter(({ calls }) => calls > 0)
    .map(({ name, calls, location }) =>
      draft(
        'run-stub',
        `${name} is defined nowhere: a stub answered for it ${calls === 1 ? 'once' : `${calls} times`}`,
        {
          location: userPosition(input.driver.locations, [location]),
        },
      ),
    );
}

/** Rules of the expectations that nothing produced: the test fails by them. */
function missedExpectations(input: RuleInput, drafts: readonly Draft[]): readonly Draft[] {
  // A failed assertion has ended the test before it could produce what it expects.
  if (input.checks === 'off' || input.result.ended === 'assertion') return [];
  const produced = new Set(drafts.flatMap((each) => [each.rule as string, ...each.related.map(relatedRule)]));
  return input.result.expected.flatMap(({ rule: text, frames }) => {
    const rule = ruleName(text);
    if (produced.has(rule)) return [];
    const why = findRule(rule) === undefined ? 'there is no such rule' : 'the test did not produce it';
    const location = userPosition(input.driver.locations, frames);
    return [draft('assert-failed', `VSPLAB_EXPECT_FINDING(${rule}): ${why}`, { location })];
  });
}

/** Related remarks of other rules begin with the rule's id. */
function relatedRule(related: { readonly message: string }): string {
  return /^([a-z0-9-]+): /.exec(related.message)?.[1] ?? '';
}

function toFinding(each: Draft, expected: ReadonlySet<string>, allows: Allows): Finding {
  const at = each.location;
  const allowed = at !== null && allows.allow(each.rule, at.file, at.line);
  return {
    rule: each.rule,
    severity: severityOf(each),
    message: each.message + (each.repeated ?? ''),
    location: at,
    channel: each.channel,
    packetIndex: each.packet,
    callback: each.callback,
    pass: each.pass,
    callStack: each.callStack,
    related: each.related,
    suppressed:
      allowed || expected.has(each.rule) || each.related.some((related) => expected.has(relatedRule(related))),
    ...(each.stress === undefined ? {} : { stress: each.stress }),
  };
}

/** What the run itself saw, then what its variants told: of one fault at one place they know more. */
function draftsOf(input: RuleInput): readonly Draft[] {
  const fault = faultFinding(input);
  const varied = input.checks === 'full' ? differentialDrafts(input) : [];
  const known = new Set(varied.map(faultKey));
  const result = { ...input.result, breaches: breachesOf(input) };
  const seen = breachFindings({ ...input, result });
  const stacks = new Map(seen.toReversed().map((each) => [faultKey(each), each.callStack]));
  return [
    ...seen.filter((each) => !known.has(faultKey(each))),
    // The run itself has seen the whole way there.
    ...varied.map((each) => ({ ...each, callStack: stacks.get(faultKey(each)) ?? each.callStack })),
    ...(fault === undefined ? [] : [fault]),
  ];
}

/** Findings in the order they came about, the one that ended the run last. */
/** `more`: found by other means, such as stress. */
export function findingsOf(input: RuleInput, allows: Allows, more: readonly Draft[] = []): readonly Finding[] {
  const seen = withoutRepetitions(draftsOf(input));
  const drafts = [...oneFindingPerFault(explainLeaks(seen, input)), ...more, ...stubFindings(input)];
  const all = [...drafts, ...missedExpectations(input, drafts)];
  const expected = new Set(input.result.expected.map(({ rule }) => ruleName(rule)));
  return all.map((each) => toFinding(each, expected, allows));
}

/**
 * Allow comments that allowed nothing in any run, and those without a reason. Static-only rules never show up in a run.
 */
export function unusedAllows(allows: Allows): readonly Finding[] {
  return allows.all
    .filter((allow) => !allow.used && findRule(allow.rule)?.check !== 'static')
    .map((allow) => {
      const { file, line, rule, reason } = allow;
      const why =
        findRule(rule) === undefined
          ? 'there is no such rule'
          : reason === ''
            ? 'it needs a reason behind the rule'
            : 'no run produced that finding here';
      const unused = draft('allow-unused', `this comment allows ${rule}, but ${why}`, {
        location: { file, line, column: 1, function: '' },
      });
      return toFinding(unused, new Set(), new Allows([], () => undefined));
    });
}
