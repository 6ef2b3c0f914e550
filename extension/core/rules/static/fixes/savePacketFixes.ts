/** Quick fixes of the rules of save callbacks. */
import { answer, bodyOf, COPIES, guarded, insert, PACKET_CALL, parameter, without } from './edits.js';
import type { FixRow, FixTable } from './fix.js';

/** Room for what the copy writes, before it is written. */
const ROOM: FixRow = {
  title: 'Compare SaveBufSize with what is written first',
  edits: guarded(
    (name) => COPIES.has(name),
    (call, input) => {
      const size = parameter(input, 3);
      const length = call.operands.at(-1)?.text;
      return size === undefined || length === undefined ? undefined : `${size} < ${length}`;
    },
    'STATUS_BUFFER_TOO_SMALL',
  ),
};

export const SAVE_PACKET_FIXES: FixTable = {
  'savepkt-bytesneeded-written': {
    title: 'Store 0 in *BytesNeeded first',
    edits: (input) => {
      const name = parameter(input, 4);
      const body = bodyOf(input);
      return name === undefined || body === undefined ? undefined : [insert(body, `\n    *${name} = 0;`)];
    },
  },
  'savepkt-zero-size-no-write': ROOM,
  'savepkt-recheck-size': ROOM,
  'savepkt-no-overrun': ROOM,
  'savepkt-query-must-fail': answer('Return STATUS_BUFFER_TOO_SMALL', 'STATUS_BUFFER_TOO_SMALL'),
  'savepkt-query-succeed-empty': answer('Return STATUS_SUCCESS', 'STATUS_SUCCESS'),
  'savepkt-status-severity': answer('Return STATUS_BUFFER_TOO_SMALL', 'STATUS_BUFFER_TOO_SMALL'),
  'savepkt-no-packet-ops': without('Remove the call', PACKET_CALL),
};
