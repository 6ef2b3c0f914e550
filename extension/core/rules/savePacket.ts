/**
 * What a packet record says about the two-pass save callback and the restore callback: rows M1 to M17 of kmcl-facts
 * 6.3. The simulator reports the breaches themselves, with the return statement taken; here stand the words, with all
 * figures.
 */
import { STATUS, succeeded } from '../kmcl/status.js';
import { statusName } from '../kmcl/statusNames.js';
import { NEEDED_PRESET, type PacketRecords } from '../run/packetRecords.js';
import type { RuleId } from './catalogue.js';
import { bytes } from './draft.js';

/** A verdict on one pass. */
export interface Verdict {
  readonly rule: RuleId;
  readonly pass: 'query' | 'write' | 'restore';
  readonly message: string;
  /** The callback failed for a reason of its own (M15). */
  readonly failed?: true;
}

/** Error severity: bits 31 and 30 (kmcl-facts 8.1). */
function isError(status: number): boolean {
  return status >>> 30 === 3;
}

/** M7 and S-09: only STATUS_SUCCESS or an error-severity code. */
function statusVerdict(pass: Verdict['pass'], status: number): readonly Verdict[] {
  if (status === STATUS.SUCCESS || isError(status)) return [];
  const how = succeeded(status) ? 'which counts as success' : 'which has warning severity only';
  const message =
    `the ${pass} call returned ${statusName(status)}, ${how}; the callback is synchronous and answers ` +
    'STATUS_SUCCESS or an error';
  return [{ rule: 'savepkt-status-severity', pass, message }];
}

function queryVerdicts(records: PacketRecords, index: number): readonly Verdict[] {
  const status = records.get(index, 'query_status');
  const needed = records.get(index, 'query_needed');
  const pass = 'query';
  const severity = statusVerdict(pass, status);
  if (records.has(index, 'NEEDED_UNSET')) {
    const message = `the query returned ${statusName(status)} without storing a size in *BytesNeeded`;
    return [...severity, { rule: 'savepkt-bytesneeded-written', pass, message }];
  }
  if (succeeded(status) && needed > 0) {
    const message =
      `the query succeeded and reported ${bytes(needed)}: without a failure there is no second call and the state ` +
      'is lost';
    return [...severity, { rule: 'savepkt-query-must-fail', pass, message }];
  }
  if (!succeeded(status) && needed === 0) {
    const message =
      `the query failed with ${statusName(status)} and reported 0 bytes: with nothing to save it succeeds, with a ` +
      'size it reports it';
    return [...severity, { rule: 'savepkt-query-succeed-empty', pass, message }];
  }
  return severity;
}

/** The write pass returned success. */
function writtenVerdicts(records: PacketRecords, index: number): readonly Verdict[] {
  const pass = 'write';
  const needed = records.get(index, 'write_needed');
  const size = records.get(index, 'write_size');
  if (needed > size) {
    const message =
      `the write call succeeded although the record needs ${bytes(needed)} and SaveBufSize is ${size}: the saved ` +
      'record is cut off';
    return [{ rule: 'savepkt-no-truncate', pass, message }];
  }
  if (!records.has(index, 'MEASURED')) return [];
  const verdicts: Verdict[] = [];
  const written = records.get(index, 'written');
  const uninitialised = records.get(index, 'uninitialised');
  if (uninitialised > 0) {
    const persisted = records.get(index, 'state_bytes');
    const message =
      `${uninitialised} of the ${bytes(persisted)} that are persisted were never written: they hold what was in ` +
      'memory before';
    verdicts.push({ rule: 'savepkt-full-init', pass, message });
  }
  if (written !== needed) {
    const message = `${written} of the ${bytes(needed)} reported in *BytesNeeded were written`;
    verdicts.push({ rule: 'savepkt-size-exact', pass, message });
  }
  return verdicts;
}

function writeVerdicts(records: PacketRecords, index: number): readonly Verdict[] {
  if (!records.has(index, 'WRITE_CALLED')) return [];
  const pass = 'write';
  const status = records.get(index, 'write_status');
  const needed = records.get(index, 'write_needed');
  const size = records.get(index, 'write_size');
  const severity = statusVerdict(pass, status);
  if (needed === NEEDED_PRESET) {
    const message = `the write call returned ${statusName(status)} without storing a size in *BytesNeeded`;
    return [...severity, { rule: 'savepkt-bytesneeded-written', pass, message }];
  }
  if (succeeded(status)) return [...severity, ...writtenVerdicts(records, index)];
  const asked = `the query asked for ${bytes(records.get(index, 'query_needed'))}`;
  const verdict: Verdict =
    needed > size
      ? {
          rule: 'savepkt-stable',
          pass,
          message: `${asked}, the write call for ${bytes(needed)}: the state changed in between`,
        }
      : {
          rule: 'savepkt-stable',
          pass,
          message: `${asked}, and the write call failed with ${statusName(status)} although SaveBufSize is ${size}`,
          ...(status === STATUS.BUFFER_TOO_SMALL ? {} : { failed: true as const }),
        };
  return [...severity, verdict];
}

/** What the two passes of record `index` break, the query's first. */
export function saveVerdicts(records: PacketRecords, index: number): readonly Verdict[] {
  return [...queryVerdicts(records, index), ...writeVerdicts(records, index)];
}

/** A refusal is no breach: the record may be crafted, or an allocation made to fail, and then refusing is right. */
export function restoreVerdict(records: PacketRecords, index: number): readonly Verdict[] {
  return records.has(index, 'RESTORED') ? statusVerdict('restore', records.get(index, 'restore_status')) : [];
}
