/**
 * The readings of kmcl-facts 4.7, 5.6 and 6.8 a user can choose with `--mode ID=VALUE`. Mirrors modes.h (a test
 * compares): the position of a mode is its number in vsp_lasting.modes, the position of a value the number of its
 * enumerator, and value 0 the simulator default.
 */

interface ModeRow {
  readonly id: string;
  readonly title: string;
  /** Value name and one documentation line each, default first. */
  readonly values: readonly (readonly [name: string, meaning: string])[];
}

export const MODES = [
  {
    id: 'A-05',
    title: 'Status of outgoing packets when their channel closes',
    values: [
      ['cancelled', 'STATUS_CANCELLED'],
      ['device-removed', 'STATUS_DEVICE_REMOVED'],
    ],
  },
  {
    id: 'A-07',
    title: 'ProcessPacket of packets that wait in the ring, against PostStarted',
    values: [
      ['random', 'before, during or after PostStarted, by the seed'],
      ['before', 'before PostStarted'],
      ['during', 'while PostStarted runs, at its first library call'],
      ['after', 'after PostStarted'],
    ],
  },
  {
    id: 'A-08',
    title: 'Packets queued while the channel is closed',
    values: [
      ['keep', 'wait for the next open'],
      ['fail', 'the send fails'],
    ],
  },
  {
    id: 'A-13',
    title: 'Completion routine of a send without WAIT_FOR_COMPLETION',
    values: [
      ['inline', 'runs before Send returns'],
      ['deferred', 'runs later'],
    ],
  },
  {
    id: 'A-14',
    title: "The caller's inline buffer after Send",
    values: [
      ['copy', 'copied, left alone'],
      ['strict', 'copied, then overwritten'],
    ],
  },
  {
    id: 'A-19',
    title: "ProcessPacket's Buffer",
    values: [
      ['copy', 'a private copy'],
      ['hostile', 'the guest changes it during the callback'],
    ],
  },
  {
    id: 'A-20',
    title: 'BufferLength of an incoming packet',
    values: [
      ['rounded', 'rounded up to 8 as in the ring'],
      ['exact', "the sender's byte count"],
    ],
  },
  {
    id: 'A-27',
    title: 'MMIO setter with both amounts zero',
    values: [
      ['invalid-parameter', 'STATUS_INVALID_PARAMETER'],
      ['invalid-parameter-2', 'STATUS_INVALID_PARAMETER_2'],
    ],
  },
  {
    id: 'A-36',
    title: 'Callbacks of one channel',
    values: [
      ['serial', 'one at a time'],
      ['overlap', 'packet callbacks may begin inside others that wait'],
    ],
  },
  {
    id: 'A-37',
    title: 'Order of delivery after Defer or STATUS_PENDING',
    values: [
      ['fifo', 'first in, first out'],
      ['shuffle', 'shuffled by the seed'],
    ],
  },
  {
    id: 'EXTERNAL',
    title: 'Answer of VmbChannelPacketGetExternalData (5.5)',
    values: [
      ['ready', 'STATUS_SUCCESS at once'],
      ['pending', 'STATUS_PENDING first, then STATUS_SUCCESS'],
      ['fail', 'an error status'],
    ],
  },
  {
    id: 'S-02',
    title: 'VmbChannelSaveBegin on an active channel',
    values: [
      ['report', 'a finding, then it goes on'],
      ['strict', 'STATUS_INVALID_DEVICE_STATE'],
    ],
  },
  {
    id: 'S-03',
    title: 'Which call runs the queries',
    values: [
      ['continue', 'VmbChannelSaveContinue, when it needs them'],
      ['begin', 'VmbChannelSaveBegin, all of them'],
    ],
  },
  {
    id: 'S-04',
    title: 'Order of packets in the save',
    values: [
      ['send-order', 'as sent'],
      ['shuffle', 'shuffled by the seed'],
    ],
  },
  {
    id: 'S-05',
    title: 'SaveBuf of the query',
    values: [
      ['random', 'NULL, a guard address or a valid pointer, by the seed'],
      ['null', 'NULL'],
      ['guard', 'an address that faults'],
      ['valid', 'a valid pointer'],
    ],
  },
  {
    id: 'S-08',
    title: 'A query that fails with BytesNeeded 0',
    values: [
      ['abort', 'the save ends with that status'],
      ['call-again', 'called again with a buffer of 0 bytes'],
    ],
  },
  {
    id: 'S-10',
    title: 'Bytes persisted, and SaveBufSize of the restore',
    values: [
      ['alternate', 'BytesNeeded persisted; restore gets that or the size of the buffer, in turn'],
      ['buffer', 'SaveBufSize persisted and handed back'],
      ['exact', 'a buffer of exactly BytesNeeded'],
    ],
  },
  {
    id: 'S-12',
    title: 'A write pass that wants more',
    values: [
      ['retry', 'one more try with the new size'],
      ['abort', 'the save fails'],
    ],
  },
  {
    id: 'S-14',
    title: 'Repetitions of the query',
    values: [
      ['random', 'one to three times, by the seed'],
      ['once', 'once'],
      ['thrice', 'three times'],
    ],
  },
  {
    id: 'S-17',
    title: 'SaveBuf of a zero-size restore',
    values: [
      ['alternate', 'NULL and non-NULL in turn'],
      ['null', 'NULL'],
      ['valid', 'a valid pointer'],
    ],
  },
  {
    id: 'S-25',
    title: 'RestorePacket against Opened, when the guest reconnects',
    values: [
      ['restore-first', 'the guest reopens only after the restore'],
      ['open-first', 'Opened runs before the first RestorePacket'],
    ],
  },
  {
    id: 'S-25-ORDER',
    title: 'Order of RestorePacket calls within one buffer',
    values: [
      ['save-order', 'as saved'],
      ['shuffle', 'shuffled by the seed'],
    ],
  },
  {
    id: 'S-29',
    title: 'Completion routine of a restored packet',
    values: [
      ['never', 'not before Start'],
      ['at-once', 'right after VmbPacketRestore'],
    ],
  },
  {
    id: 'S-32',
    title: 'Saved packets of a FORCE_NEW_CHANNEL channel',
    values: [
      ['drop', 'dropped, no RestorePacket'],
      ['keep', 'restored like others'],
    ],
  },
  {
    id: 'S-35',
    title: 'SaveBuf on restore',
    values: [
      ['off', 'as saved'],
      ['truncate', 'cut short'],
      ['flip', 'one byte changed'],
      ['empty', 'zero bytes'],
    ],
  },
] as const satisfies readonly ModeRow[];

export type ModeId = (typeof MODES)[number]['id'];

/**
 * Chosen readings by id; what is absent has the default. Plain data: it is posted between threads and written into
 * reports.
 */
export type ModeChoices = Readonly<Partial<Record<ModeId, string>>>;

/** Ambiguities with one reading only, by kmcl-facts: named in error messages, so that nobody looks for their values. */
export const SETTLED = [
  ...['A-01', 'A-02', 'A-03', 'A-04', 'A-06', 'A-09', 'A-10', 'A-11', 'A-12', 'A-15', 'A-16', 'A-17', 'A-18', 'A-21'],
  ...['A-22', 'A-23', 'A-24', 'A-25', 'A-26', 'A-28', 'A-29', 'A-30', 'A-31', 'A-32', 'A-33', 'A-34', 'A-35', 'A-38'],
  ...['A-39', 'S-01', 'S-06', 'S-07', 'S-09', 'S-11', 'S-13', 'S-15', 'S-16', 'S-18', 'S-19', 'S-20', 'S-21', 'S-22'],
  ...['S-23', 'S-24', 'S-26', 'S-27', 'S-28', 'S-30', 'S-31', 'S-33', 'S-34', 'S-36', 'S-37', 'S-38'],
] as const;

export type ModeParse =
  | { readonly ok: true; readonly choices: ModeChoices }
  | { readonly ok: false; readonly message: string };

function findMode(id: string): ModeRow | undefined {
  return MODES.find((mode) => mode.id === id);
}

/** Reads `ID=VALUE` texts (`S-10=buffer`); a later text of the same id wins. Messages are ready for a person. */
export function parseModes(texts: readonly string[]): ModeParse {
  const choices: Partial<Record<ModeId, string>> = {};
  for (const text of texts) {
    const separator = text.indexOf('=');
    if (separator < 1 || separator === text.length - 1) {
      return { ok: false, message: `--mode ${text}: expected ID=VALUE, such as S-10=buffer` };
    }
    const id = text.slice(0, separator).toUpperCase();
    const value = text.slice(separator + 1).toLowerCase();
    const mode = findMode(id);
    if (mode === undefined) {
      const why = (SETTLED as readonly string[]).includes(id)
        ? `${id} has one reading and cannot be chosen`
        : `there is no mode ${id}`;
      return { ok: false, message: `--mode ${text}: ${why}; modes are ${MODES.map((row) => row.id).join(', ')}` };
    }
    const names = mode.values.map(([name]) => name);
    if (!names.includes(value)) {
      return { ok: false, message: `--mode ${text}: ${id} is one of ${names.join(', ')} (default ${names[0]})` };
    }
    choices[mode.id as ModeId] = value;
  }
  return { ok: true, choices };
}

/** The numbers for vsp_lasting.modes; throws RangeError for a value that does not exist. */
export function modeNumbers(choices: ModeChoices): number[] {
  return MODES.map((mode: ModeRow) => {
    const chosen = choices[mode.id as ModeId];
    const number = chosen === undefined ? 0 : mode.values.findIndex(([name]) => name === chosen);
    if (number < 0) {
      throw new RangeError(`mode ${mode.id} has no value ${chosen}`);
    }
    return number;
  });
}
