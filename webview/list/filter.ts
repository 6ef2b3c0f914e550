/** A parsed filter as a test on packet numbers. What can be decided per kind or type is decided once, not per packet. */

import { ABSENT, PACKET_FLAG } from '../../extension/core/run/reportPack.js';
import { statusName, statusText, succeeded } from '../../extension/core/run/statuses.js';
import type { Condition, Filter, NumberKey, Range, StatusValue } from './filterParser.js';
import {
  type ChannelFacts,
  findingsOf,
  isInFlight,
  isRestored,
  isWritten,
  restoreStatus,
  saveStatus,
  unreadBytes,
} from './packetFacts.js';

export type Predicate = (packet: number) => boolean;

/** Null: every packet passes. */
export function compileFilter(filter: Filter, facts: ChannelFacts): Predicate | null {
  const tests = filter.terms.map(({ negated, condition }) => {
    const test = compileCondition(condition, facts);
    return negated ? (packet: number) => !test(packet) : test;
  });
  if (tests.length === 0) return null;
  return (packet) => tests.every((test) => test(packet));
}

function compileCondition(condition: Condition, facts: ChannelFacts): Predicate {
  switch (condition.type) {
    case 'word':
      return wordTest(condition.text, facts);
    case 'number':
      return numberTest(condition.key, condition.ranges, facts);
    case 'text':
      return condition.key === 'finding' ? findingTest(condition.texts, facts) : nameTest(condition, facts);
    case 'choice': {
      const { columns } = facts;
      const { key, values } = condition;
      if (key === 'state') return (packet) => values.includes(isInFlight(columns, packet) ? 'inflight' : 'queued');
      return (packet) => values.includes(columns.flags[packet]! & PACKET_FLAG.STUBBED ? 'yes' : 'no');
    }
    case 'status':
      return statusTest(condition.key, condition.values, facts);
  }
}

const contains = (name: string, texts: readonly string[]): boolean => {
  const lower = name.toLowerCase();
  return texts.some((text) => lower.includes(text));
};

/** In the kind, the type, a finding's rule, a status or the packet's number. */
function wordTest(text: string, facts: ChannelFacts): Predicate {
  const { columns } = facts;
  const kinds = columns.kinds.map((kind) => contains(kind, [text]));
  const records = facts.records.map((record) => contains(record, [text]));
  const statuses = remember((status) => contains(`${statusText(status)} ${statusName(status)}`, [text]));
  const number = /^#?[0-9]+$/.test(text) ? Number(text.replace('#', '')) : -1;
  return (packet) =>
    kinds[columns.kind[packet]!] === true ||
    records[columns.record[packet]!] === true ||
    packet === number ||
    statuses(saveStatus(columns, packet)) ||
    (isRestored(columns, packet) && statuses(columns.restoreStatus[packet]!)) ||
    findingsOf(facts, packet).some(({ rule }) => rule.includes(text));
}

function nameTest({ key, texts }: Condition & { readonly type: 'text' }, facts: ChannelFacts): Predicate {
  const names = key === 'kind' ? facts.columns.kinds : facts.records;
  const numbers = key === 'kind' ? facts.columns.kind : facts.columns.record;
  const matching = names.map((name) => contains(name, texts));
  return (packet) => matching[numbers[packet]!] === true;
}

function findingTest(texts: readonly string[], facts: ChannelFacts): Predicate {
  const { INFO, WARNING, ERROR } = PACKET_FLAG;
  const { flags } = facts.columns;
  const any = INFO | WARNING | ERROR;
  return (packet) =>
    texts.some((text) => {
      if (text === 'any') return (flags[packet]! & any) !== 0;
      if (text === 'none') return (flags[packet]! & any) === 0;
      const found = findingsOf(facts, packet);
      return found.some(({ rule, severity }) => severity === text || rule.includes(text));
    });
}

function statusTest(key: 'status' | 'restore', values: readonly StatusValue[], facts: ChannelFacts): Predicate {
  const { columns } = facts;
  const has = remember((status) => values.some((value) => isStatus(status, value)));
  const wantsNone = values.includes('none');
  if (key === 'status') return (packet) => has(saveStatus(columns, packet));
  return (packet) => (isRestored(columns, packet) ? has(restoreStatus(columns, packet)) : wantsNone);
}

function isStatus(status: number, value: StatusValue): boolean {
  if (value === 'ok') return succeeded(status);
  if (value === 'fail') return !succeeded(status);
  if (value === 'none') return false;
  return 'number' in value ? status === value.number : statusName(status).includes(value.name);
}

/** Statuses are few, packets are many. */
function remember(test: (status: number) => boolean): (status: number) => boolean {
  const known = new Map<number, boolean>();
  return (status) => {
    let answer = known.get(status);
    if (answer === undefined) {
      answer = test(status);
      known.set(status, answer);
    }
    return answer;
  };
}

function numberTest(key: NumberKey, ranges: readonly Range[], facts: ChannelFacts): Predicate {
  const read = numberOf(key, facts);
  return (packet) => {
    const value = read(packet);
    return value !== ABSENT && ranges.some(({ from, to }) => value >= from && value <= to);
  };
}

function numberOf(key: NumberKey, { columns }: ChannelFacts): (packet: number) => number {
  const whenWritten = (column: Uint32Array) => (packet: number) =>
    isWritten(columns, packet) ? column[packet]! : ABSENT;
  switch (key) {
    case 'packet':
      return (packet) => packet;
    case 'size':
      return (packet) => columns.stateBytes[packet]!;
    case 'needed':
      return (packet) => columns.queryNeeded[packet]!;
    case 'buffer':
      return whenWritten(columns.saveBufSize);
    case 'written':
      return whenWritten(columns.bytesWritten);
    case 'uninit':
      return whenWritten(columns.bytesUninitialised);
    case 'unread':
      return (packet) => unreadBytes(columns, packet);
    case 'library':
      return (packet) => columns.libraryBytes[packet]!;
  }
}
