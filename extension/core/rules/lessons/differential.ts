/** Comparing runs: the project's own ids. */
import type { Lessons } from './lesson.js';

export const DIFFERENTIAL: Lessons<'differential'> = {
  'state-field-lost': {
    why:
      'The field is changed in the original before the save and looked at after the restore: a field that matters and ' +
      'does not arrive has been forgotten.',
    wrong: `record.Id = request->Id; /* request->Offset is not saved */
RtlCopyMemory(SaveBuf, &record, sizeof(record));`,
    right: `record.Id = request->Id;
record.Offset = request->Offset;
RtlCopyMemory(SaveBuf, &record, sizeof(record));`,
  },
  'roundtrip-differs': {
    why: 'A host that saves again right after it restored has done nothing in between, so the bytes must be the same.',
    wrong: `RtlCopyMemory(&record, SaveBuf, sizeof(record));
request->Id = device->NextId++; /* a new id for the same request */`,
    right: `RtlCopyMemory(&record, SaveBuf, sizeof(record));
request->Id = record.Id;`,
  },
};
