/** A FileAccess over a table of texts: for tests, and for hosts without a disk. */
import type { FileAccess } from '../base/host.js';

export function memoryFiles(contents: Readonly<Record<string, string | Uint8Array>>): FileAccess {
  const encoder = new TextEncoder();
  const folders = new Map<string, Map<string, boolean>>();
  for (const path of Object.keys(contents)) {
    const parts = path.split('/');
    for (let end = parts.length - 1; end > 0; end -= 1) {
      const folder = parts.slice(0, end).join('/') || '/';
      const entries = folders.get(folder) ?? new Map<string, boolean>();
      entries.set(parts[end] ?? '', end < parts.length - 1);
      folders.set(folder, entries);
    }
  }
  return {
    read: (path) => {
      const content = contents[path];
      return typeof content === 'string' ? encoder.encode(content) : content;
    },
    list: (path) => {
      const entries = folders.get(path);
      return entries && [...entries].map(([name, directory]) => ({ name, directory }));
    },
  };
}
