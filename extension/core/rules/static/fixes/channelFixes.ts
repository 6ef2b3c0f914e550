/** Quick fixes of the rules of channel set-up and states. */
import { guard, insert, leave, own, without } from './edits.js';
import type { FixRow, FixTable } from './fix.js';
import { callIn, indentAt } from './statement.js';

/** Behind `Status = Call(...);` the status is looked at; a call by itself gets one. */
const LOOK: FixRow = {
  title: 'Return when the call fails',
  edits: (input) => {
    const statement = own(input);
    const call = statement === undefined ? undefined : callIn(input.text, statement, (name) => name.startsWith('Vmb'));
    if (statement === undefined || call === undefined || leave(input, 'X') !== 'return X;') return undefined;
    const indent = indentAt(input.text, statement.start);
    const lead = input.text.slice(statement.start, call.start);
    const name = /^(?:NTSTATUS\s+)?(\w+)\s*=\s*$/.exec(lead)?.[1];
    const tail = input.text.slice(call.end, statement.end);
    if (name !== undefined && tail === ';') {
      const lines = guard(`!NT_SUCCESS(${name})`, [`return ${name};`]);
      return [insert(statement.end, lines.map((line) => `\n${indent}${line}`).join(''))];
    }
    if (!/^(?:\((?:VOID|void)\)\s*)?$/.test(lead) || tail !== ';') return undefined;
    const lines = guard(`!NT_SUCCESS(${input.text.slice(call.start, call.end)})`, ['return STATUS_UNSUCCESSFUL;']);
    return [{ ...statement, insert: lines.join(`\n${indent}`) }];
  },
};

export const CHANNEL_FIXES: FixTable = {
  'init-status-checked': LOOK,
  'state-enable-checked': LOOK,
  'state-no-startpause-in-cb': without('Remove the call', (name) => /^VmbChannel(?:Start|Pause)$/.test(name)),
  'state-no-disable-in-cb': without('Remove the call', (name) => /^VmbChannel(?:Disable|Cleanup)$/.test(name)),
  'state-no-use-after-cleanup': without('Remove the call', (name) => name.startsWith('VmbChannel')),
};
