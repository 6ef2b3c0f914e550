/** Matching names against `*`, `?` and `**`: test names for --test, paths for --driver. */

/** Pattern items: one character, any one character, a run within a folder, a run across folders, folders or none. */
type Item = { readonly literal: string } | 'one' | 'run' | 'any' | 'folders';

function itemsOf(pattern: string): readonly Item[] {
  const items: Item[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === '*' && pattern.charAt(at + 1) === '*') {
      const folders = pattern.charAt(at + 2) === '/';
      items.push(folders ? 'folders' : 'any');
      at += folders ? 2 : 1;
    } else if (char === '*') {
      items.push('run');
    } else {
      items.push(char === '?' ? 'one' : { literal: char });
    }
  }
  return items;
}

/**
 * Compiles a pattern to a predicate over whole names. `*` and `?` do not cross `/`, `**` does (and a double star folder
 * matches no folder as well); everything else stands for itself. Case counts. Time is at most pattern times name,
 * whatever the pattern.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  const items = itemsOf(pattern);
  return (name) => {
    // reached[i]: the items before i match the name so far.
    let reached = closure(new Array<boolean>(items.length + 1).fill(false).with(0, true), items, true);
    for (const char of name) {
      const next = new Array<boolean>(items.length + 1).fill(false);
      items.forEach((item, index) => {
        if (!reached[index]) return;
        if (item === 'one' || item === 'run') {
          if (char !== '/') next[item === 'one' ? index + 1 : index] = true;
        } else if (item === 'any' || item === 'folders') {
          next[index] = true;
        } else if (item.literal === char) {
          next[index + 1] = true;
        }
      });
      reached = closure(next, items, char === '/');
    }
    return reached[items.length] ?? false;
  };
}

/** Steps over items that may match nothing here; `folders` may end only at the start of a name or after a `/`. */
function closure(reached: boolean[], items: readonly Item[], afterSlash: boolean): boolean[] {
  items.forEach((item, index) => {
    if (reached[index] && (item === 'run' || item === 'any' || (item === 'folders' && afterSlash))) {
      reached[index + 1] = true;
    }
  });
  return reached;
}

/** True when the pattern has a wildcard. */
export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern);
}
