import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../core/run/memoryFiles.js';
import { overlaidFiles } from './overlayFiles.js';

const exact = (path: string): string => path;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (found: Uint8Array | undefined): string | undefined => found && new TextDecoder().decode(found);

const disk = memoryFiles({ '/p/a.c': 'disk', '/p/b.h': 'header' });
const overlays = [
  { path: '/p/a.c', bytes: bytes('unsaved') },
  { path: '/p/new/deep/c.h', bytes: bytes('new') },
];

describe('overlaidFiles', () => {
  const files = overlaidFiles(overlays, disk, exact);

  it('reads unsaved text before the disk, and files that no disk has', () => {
    expect(['/p/a.c', '/p/b.h', '/p/new/deep/c.h', '/p/gone.c'].map((path) => text(files.read(path)))).toEqual([
      'unsaved',
      'header',
      'new',
      undefined,
    ]);
  });

  it('lists a folder once with both, and folders that only overlays lie in', () => {
    expect(files.list('/p')?.map(({ name, directory }) => [name, directory])).toEqual([
      ['a.c', false],
      ['b.h', false],
      ['new', true],
    ]);
    expect(files.list('/p/new')).toEqual([{ name: 'deep', directory: true }]);
    expect(files.list('/p/new/deep')).toEqual([{ name: 'c.h', directory: false }]);
    expect(files.list('/q')).toBeUndefined();
  });

  it('takes spellings for the same file that have the same key', () => {
    const caseless = overlaidFiles([{ path: '/P/A.c', bytes: bytes('unsaved') }], disk, (path) => path.toLowerCase());
    expect(text(caseless.read('/p/a.C'))).toBe('unsaved');
    expect(caseless.list('/p')?.map(({ name }) => name)).toEqual(['a.c', 'b.h']);
  });
});
