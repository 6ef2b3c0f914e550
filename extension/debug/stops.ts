/** Why the run stands, in the words of the protocol and of a person. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { statusName } from '../core/kmcl/statusNames.js';
import type { Instead, Stop, StopAt, StopReason } from '../worker/debugProtocol.js';
import type { Watched } from './breakpoints.js';

export type StoppedBody = Omit<DebugProtocol.StoppedEvent['body'], 'threadId' | 'allThreadsStopped'>;

export function stoppedBody({ reason }: Stop, watched: (id: number) => Watched | undefined): StoppedBody {
  switch (reason.kind) {
    case 'entry':
    case 'step':
    case 'pause':
      return { reason: reason.kind };
    case 'goto':
      return { reason: reason.kind, ...(reason.instead === undefined ? {} : insteadBody(reason.instead)) };
    case 'breakpoint':
    case 'function breakpoint':
      return { reason: reason.kind, hitBreakpointIds: [...reason.ids], ...conditionError(reason.error) };
    case 'data breakpoint': {
      const text = changeText(
        reason,
        reason.ids.map(watched).find((each) => each !== undefined),
      );
      return { reason: reason.kind, hitBreakpointIds: [...reason.ids], description: 'Paused on a changed value', text };
    }
    case 'stopAt':
      return { reason: 'breakpoint', description: `Paused at ${stopAtText(reason.at)}` };
    case 'finding':
    case 'assertion':
    case 'bugcheck':
      return { reason: 'exception', description: reason.rule, text: reason.message };
    case 'status': {
      const status = statusName(reason.status);
      return { reason: 'exception', description: status, text: `${reason.callback} is about to return ${status}` };
    }
  }
}

function conditionError(error: string | undefined): Pick<StoppedBody, 'description' | 'text'> {
  return error === undefined ? {} : { description: 'Paused: a condition failed', text: error };
}

const NEAREST = {
  line: 'This is the last time its line ran.',
  function: 'Its line begins no statement: this is where its function began last.',
  callback: 'Its line did not run: this is where the callback of its packet began.',
  beginning: 'Its line did not run either: this is the beginning.',
} as const;

/** Why it stands here although something else was asked for. */
function insteadBody(instead: Instead): Pick<StoppedBody, 'description' | 'text'> {
  switch (instead.kind) {
    case 'finding': {
      const why = `${instead.rule} did not arise while the run went on: it is told by comparing runs, or is gone.`;
      return { description: `Paused near ${instead.rule}`, text: `${why} ${NEAREST[instead.at]}` };
    }
    case 'line':
      return { description: 'Paused where the function has returned', text: `Line ${instead.line} was not reached.` };
    case 'record':
      return { description: 'Paused where it stood', text: 'The run ends before that event.' };
  }
}

export function stopAtText({ pass, packet }: StopAt): string {
  return packet === undefined ? `the ${pass} pass` : `the ${pass} pass of packet ${packet}`;
}

/** `Adapter->Count: 3 → 4, written in NicChannel.c:120`. */
function changeText(reason: Extract<StopReason, { kind: 'data breakpoint' }>, watched: Watched | undefined): string {
  const { before, after, writer } = reason;
  const name = watched?.name ?? `0x${reason.address.toString(16).toUpperCase()}`;
  const place = writer === undefined ? '' : `, written in ${writer.file.replace(/^.*\//, '')}:${writer.line}`;
  return `${name}: ${valueText(before)} → ${valueText(after)}${place}`;
}

function valueText(bytes: Uint8Array): string {
  if (bytes.length <= 8) return String([...bytes].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
  return [...bytes.subarray(0, 16)].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
}
