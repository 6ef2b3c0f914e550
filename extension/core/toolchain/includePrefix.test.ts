import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../run/memoryFiles.js';
import { prefixOf } from './includePrefix.js';
import { ToolFiles } from './toolFiles.js';

const OURS = {
  '/ntddk.h': '/* kernel */\n#pragma once\n#include <wdm.h>\n',
  '/wdm.h': '#pragma once\n',
  '/kmcl.h': '/* guarded */\n#ifndef KMCL_H\n#define KMCL_H\nint k;\n#endif\n',
  '/initguid.h': '#define INITGUID\n',
  '/counted.h': 'int another;\n',
};

function prefix(source: string, others: Readonly<Record<string, string>> = {}): readonly [string, string] {
  const project = memoryFiles({ '/p/src/a.c': source, ...others });
  const files = new ToolFiles(project, [{ prefix: '/<wdk>', files: memoryFiles(OURS) }]);
  const { headers, guards } = prefixOf('/p/src/a.c', ['/p/src', '/p/inc'], files);
  return [headers.join(' '), guards.join(' ')];
}

describe('prefixOf', () => {
  it.each([
    ['includes at the head', '#include <ntddk.h>\n#include <kmcl.h>\nint x;\n', 'ntddk.h kmcl.h'],
    [
      'between comments',
      '/* a\n * b */\n// c\r\n#include <ntddk.h> // why\r\n  # include "kmcl.h"\n',
      'ntddk.h kmcl.h',
    ],
    ['other case', '#include <NTDDK.H>\n', 'ntddk.h'],
    ['up to a declaration', '#include <ntddk.h>\nint x;\n#include <kmcl.h>\n', 'ntddk.h'],
    ['up to a macro', '#define X\n#include <ntddk.h>\n', ''],
    ['up to a pragma', '#include <ntddk.h>\n#pragma pack(1)\n#include <kmcl.h>\n', 'ntddk.h'],
    ['up to a condition', '#include <ntddk.h>\n#if 0\n#include <kmcl.h>\n#endif\n', 'ntddk.h'],
    ['up to a computed name', '#include <ntddk.h>\n#include NAME\n#include <kmcl.h>\n', 'ntddk.h'],
    ['up to a header nobody has', '#include <ntddk.h>\n#include <gone.h>\n#include <kmcl.h>\n', 'ntddk.h'],
    [
      'up to a header that must be read each time',
      '#include <ntddk.h>\n#include <counted.h>\n#include <kmcl.h>\n',
      'ntddk.h',
    ],
    ['a comment that goes on in the next line', '// a \\\n#include <ntddk.h>\n#include <kmcl.h>\n', ''],
    ['a trigraph', '// a ??/\n#include <ntddk.h>\n', ''],
    ['a comment without end', '/* #include <ntddk.h>\n', ''],
    ['nothing', '', ''],
    [
      'initguid.h, which says nothing of being read twice but may be',
      '#include <initguid.h>\n#include <ntddk.h>\n',
      'initguid.h ntddk.h',
    ],
  ])('%s', (_, source, expected) => {
    expect(prefix(source)).toEqual([expected, '']);
  });

  it.each([
    ['a header of the user', '#pragma once\n#include <ntddk.h>\n#include <kmcl.h>\nint y;\n', 'ntddk.h kmcl.h', ''],
    ['one that is only includes: it goes on behind it', '#pragma once\n#include <ntddk.h>\n', 'ntddk.h wdm.h', ''],
    ['a guard', '#ifndef A_H_\n#define A_H_\n#include <ntddk.h>\nint y;\n#endif\n', 'ntddk.h', 'A_H_'],
    [
      'a guarded one with only includes',
      '#ifndef A_H_\n#define A_H_\n#include <ntddk.h>\n#endif /* A_H_ */\n',
      'ntddk.h wdm.h',
      'A_H_',
    ],
    ['a guard with a value', '#ifndef A_H_\n#define A_H_ 1\n#include <ntddk.h>\n#endif\n', '', ''],
    ['a macro first', '#pragma once\n#define NTDDI_VERSION 1\n#include <ntddk.h>\n', '', ''],
    ['one that includes itself', '#include "a.h"\n#include <ntddk.h>\nint y;\n', 'ntddk.h', ''],
  ])('%s', (_, header, headers, guards) => {
    expect(prefix('#include "a.h"\n#include <wdm.h>\n', { '/p/inc/a.h': header })).toEqual([headers, guards]);
  });

  it('a header of the user hides ours of that name', () => {
    const own = { '/p/inc/Ntddk.h': '#include <kmcl.h>\nint own;\n' };
    expect(prefix('#include <ntddk.h>\n#include <wdm.h>\n', own)).toEqual(['kmcl.h', '']);
  });

  it('a guard in the source itself is a macro like any other', () => {
    expect(prefix('#ifndef A\n#define A\n#include <ntddk.h>\n#endif\n')).toEqual(['', '']);
  });
});
