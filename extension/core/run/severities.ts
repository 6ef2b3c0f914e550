/** `vspLab.rules`: severities as the user wants them, applied to a report (interfaces section 5). */
import type { Finding, Outcome, Severity } from './report.js';
import { PACKET_FLAG, type PackedChannel, type PackedRun, type ReportPack } from './reportPack.js';

/** Rule ids and what their findings count as; `off` suppresses them. */
export type Severities = Readonly<Record<string, Severity | 'off'>>;

const FLAGS: Readonly<Record<Severity, number>> = {
  info: PACKET_FLAG.INFO,
  warning: PACKET_FLAG.WARNING,
  error: PACKET_FLAG.ERROR,
};
const ANY = PACKET_FLAG.INFO | PACKET_FLAG.WARNING | PACKET_FLAG.ERROR;
const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

function changed(finding: Finding, severities: Severities): Finding {
  const wanted = Object.hasOwn(severities, finding.rule) ? severities[finding.rule] : undefined;
  if (wanted === undefined || wanted === finding.severity) return finding;
  return wanted === 'off' ? { ...finding, suppressed: true } : { ...finding, severity: wanted };
}

/** The same findings, counted as wanted. */
export function judged(findings: readonly Finding[], severities: Severities): readonly Finding[] {
  return findings.map((finding) => changed(finding, severities));
}

/** A run that was stopped stays stopped, and an assertion stays failed, whatever their findings count as. */
function outcomeOf(run: PackedRun, findings: readonly Finding[]): Outcome {
  if (run.outcome === 'error' || run.outcome === 'timeout') return run.outcome;
  const fails = ({ rule, severity, suppressed }: Finding): boolean =>
    !suppressed && (severity === 'error' || (rule === 'assert-failed' && run.outcome === 'failed'));
  return findings.some(fails) ? 'failed' : 'passed';
}

function channelWith(channel: PackedChannel, findings: readonly Finding[]): PackedChannel {
  const flags = channel.packets.flags.map((bits) => bits & ~ANY);
  const worst = new Map<number, Severity>();
  for (const { channel: index, packetIndex, severity, suppressed } of findings) {
    if (suppressed || packetIndex === null || index !== channel.index || packetIndex >= flags.length) continue;
    const known = worst.get(packetIndex);
    if (known === undefined || RANK[severity] > RANK[known]) worst.set(packetIndex, severity);
  }
  for (const [packet, severity] of worst) flags[packet] = (flags[packet] ?? 0) | FLAGS[severity];
  return { ...channel, packets: { ...channel.packets, flags } };
}

function runWith(run: PackedRun, severities: Severities): PackedRun {
  const findings = run.findings.map((finding) => changed(finding, severities));
  if (findings.every((finding, index) => finding === run.findings[index])) return run;
  const { message, ...rest } = run;
  const outcome = outcomeOf(run, findings);
  return {
    ...rest,
    ...(message === undefined || outcome === 'passed' ? {} : { message }),
    outcome,
    findings,
    channels: run.channels.map((channel) => channelWith(channel, findings)),
  };
}

/** The same report where no finding is of a rule named. */
export function withSeverities(pack: ReportPack, severities: Severities): ReportPack {
  const runs = pack.runs.map((run) => runWith(run, severities));
  if (runs.every((run, index) => run === pack.runs[index])) return pack;
  const open = runs.flatMap(({ findings }) => findings).filter(({ suppressed }) => !suppressed);
  const of = (severity: Severity): number => open.filter((finding) => finding.severity === severity).length;
  return {
    ...pack,
    runs,
    summary: {
      ...pack.summary,
      passed: runs.filter(({ outcome }) => outcome === 'passed').length,
      findings: { error: of('error'), warning: of('warning'), info: of('info') },
    },
  };
}
