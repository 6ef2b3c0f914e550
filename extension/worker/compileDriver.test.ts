import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { diskCache } from './diskCache.js';
import { driverOf, messagesOf, TestProject, TestToolchain } from './toolchain.testing.js';

let toolchain: TestToolchain;
const projects: TestProject[] = [];

beforeAll(() => {
  toolchain = new TestToolchain();
});

afterEach(() => {
  for (const project of projects.splice(0)) {
    project.remove();
  }
});

function project(files: Readonly<Record<string, string | Uint8Array>>): TestProject {
  const made = new TestProject(files);
  projects.push(made);
  return made;
}

/** Functions that take a channel are callbacks as far as the link is concerned, and so can be called here. */
const CHANNEL = 'typedef struct C *VMBCHANNEL;\n';

function call(wasm: Uint8Array, symbol: string): unknown {
  const module = new WebAssembly.Module(wasm);
  const imports = Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, () => 0]));
  const target = new WebAssembly.Instance(module, { env: imports }).exports[symbol] as (
    ...parameters: unknown[]
  ) => unknown;
  return target(0n, 0);
}

describe('what is read', () => {
  it('finds headers whatever the case, with backslashes, beside the source and in --include', async () => {
    const p = project({
      'src/a.c': '#include "Sub\\Deep.H"\n#include <EXTRA.h>\nint Use(void) { return DEEP + EXTRA; }\n',
      'src/sub/deep.h': '#pragma once\n#define DEEP 1\n',
    });
    const extra = project({ 'Extra.h': '#define EXTRA 2\n' });
    const driver = driverOf(await toolchain.compile(p, ['src/a.c'], { includes: [extra.root] }));
    expect(driver.files.map((file) => file.replace(/^.*\/(?=Extra)/, ''))).toEqual([
      'src/a.c',
      'src/sub/deep.h',
      'Extra.h',
    ]);
  });

  it.each([
    ['UTF-8 with BOM', (text: string) => new TextEncoder().encode(`\ufeff${text}`)],
    ['UTF-16 LE', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 BE', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['CP-1252', (text: string) => Buffer.from(text, 'latin1')],
  ])('%s: messages have the right line and text', async (_, encode) => {
    const p = project({ 'a.c': encode('// gr\u00fc\u00df\u00e9\r\n\r\nint \u00e9 = wrong; // caf\u00e9\r\n') });
    expect(messagesOf(await toolchain.compile(p, ['a.c']))).toEqual([
      "a.c:3:9: use of undeclared identifier 'wrong'\n    int \u00e9 = wrong; // caf\u00e9",
    ]);
  });

  it('refuses headers outside the project, by path and through a link, and says the way out', async () => {
    const outside = project({ 'secret.h': '#define SECRET 1\n' });
    const p = project({ 'a.c': `#include "${outside.at('secret.h')}"\n`, 'b.c': '#include "link/secret.h"\n' });
    symlinkSync(outside.root, p.at('link'));
    expect(messagesOf(await toolchain.compile(p, ['a.c']))[0]).toMatch(
      /^a\.c:1:10: '.*secret\.h' not found \(outside the project; use --include\)\n/,
    );
    expect(messagesOf(await toolchain.compile(p, ['b.c']))[0]).toMatch(
      /^b\.c:1:10: 'link\/secret\.h' not found \(outside the project; use --include\)\n/,
    );
    driverOf(await toolchain.compile(p, ['b.c'], { includes: [outside.root] }));
  });

  it('honours compile_commands.json for each file, and --define', async () => {
    const p = project({
      'compile_commands.json': JSON.stringify([
        { directory: 'build', file: '../src/a.c', command: 'cl /I..\\inc /DFROM_DATABASE=3 /std:c11 /c ..\\src\\a.c' },
      ]),
      'inc/x.h': '#define FROM_HEADER 4\n',
      'src/a.c':
        '#include <x.h>\n_Static_assert(FROM_DATABASE + FROM_HEADER + FROM_USER == 12, "");\n_Static_assert(__STDC_VERSION__ == 201112L, "");\n',
    });
    driverOf(await toolchain.compile(p, ['src/a.c'], { defines: ['FROM_USER=5'] }));
  });
});

describe('errors', () => {
  it.each([
    ['missing file', {}, 'a.c: no such file'],
    [
      'binary file',
      { 'a.c': Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 1) },
      'a.c: this is a binary file, not C or C++ source',
    ],
    [
      'missing header',
      { 'a.c': '\n#include "gone.h"\n' },
      'a.c:2:10: \'gone.h\' file not found; folders to search are given by --include\n    #include "gone.h"',
    ],
    ['syntax error', { 'a.c': 'int a\nint b;\n' }, "a.c:1:6: expected ';' after top level declarator\n    int a"],
    [
      'self-including header',
      { 'a.c': '#include "a.c"\n' },
      'a.c:1:10: files include each other without end: an include guard or #pragma once is missing\n    #include "a.c"',
    ],
    [
      'undefined variable',
      { 'a.c': 'extern int G;\nint f(void) { return G; }\n' },
      "a.c: external variable 'G' is defined nowhere: add the source that defines it, or define it in a fixture",
    ],
  ])('%s', async (_, files, expected) => {
    const [first = ''] = messagesOf(await toolchain.compile(project(files), ['a.c']));
    expect(first.replace(/^(a\.c):\d+: (?=external)/, '$1: ')).toBe(expected);
  });

  it.each([
    [
      'MS inline assembly',
      'void f(void) { __asm { nop } }',
      /^a\.c:1:\d+: inline assembly cannot run in the simulator/,
    ],
    [
      'GNU inline assembly',
      'void f(void) { __asm__ volatile("cli"); }',
      /^a\.c:1:\d+: inline assembly cannot run in the simulator/,
    ],
    [
      'a builtin',
      'unsigned long long __rdtsc(void);\nvoid f(void) { __rdtsc(); }',
      /^a\.c:2:\d+: processor intrinsic '__rdtsc'/,
    ],
    [
      'an intrinsic that is a call',
      'unsigned long long __readmsr(unsigned long);\nvoid f(void) { __readmsr(1); }',
      /^a\.c:2: processor intrinsic '__readmsr'/,
    ],
    ['an intrinsics header', '#include <immintrin.h>', /^a\.c:1:10: 'immintrin\.h' not found: processor intrinsics/],
  ])('%s is named, with the way out', async (_, text, expected) => {
    const messages = messagesOf(await toolchain.compile(project({ 'a.c': text }), ['a.c']));
    expect(messages[0]).toMatch(expected);
    expect(messages.join('\n')).not.toMatch(/LLVM|backend|target triple/i);
  });

  it('collects the errors of all units, and one of a common header once', async () => {
    const p = project({
      'a.c': '#include "h.h"\nint a = A;\n',
      'b.c': '#include "h.h"\nint b = B;\n',
      'h.h': '#pragma once\nint h = H;\n',
    });
    const errors = messagesOf(await toolchain.compile(p, ['a.c', 'b.c'])).filter(
      (message) => !message.includes('note:'),
    );
    expect(errors.map((message) => message.split(':')[0])).toEqual(['h.h', 'a.c', 'b.c']);
  });

  it('keeps warnings with the driver', async () => {
    const p = project({ 'a.c': 'int f(int a) { if (a = 1) { return 2; } return 3; }\n' });
    expect(driverOf(await toolchain.compile(p, ['a.c'])).notes).toMatchObject([
      {
        severity: 'warning',
        file: 'a.c',
        line: 1,
        message: 'using the result of an assignment as a condition without parentheses',
      },
    ]);
  });
});

describe('what is linked', () => {
  it('gives every file of the set a unit, except those that another one includes', async () => {
    const p = project({
      'a.c': 'static int Hidden(void) { return 7; }\nint Twice(void) { return Hidden(); }\n',
      'test.c': `${CHANNEL}#include "A.C"\nint Ask(VMBCHANNEL c, int x) { return Hidden(); }\n`,
    });
    const driver = driverOf(await toolchain.compile(p, ['a.c', 'test.c']));
    expect(driver.locations.map((table) => table.length > 1)).toEqual([false, true]);
    expect(call(driver.wasm, 'Ask')).toBe(7);
  });

  it.each([0, 2] as const)(
    'lets a fixture override functions and variables of the driver (optimize %i)',
    async (optimize) => {
      const p = project({
        'driver.c': `${CHANNEL}int Limit = 1;\nint Answer(void) { return 1; }\nint Ask(VMBCHANNEL c, int x) { return Answer() * 10 + Limit; }\n`,
        'test.c': '#include <vsplab.h>\nint Limit = 5;\nint Answer(void) { return 4; }\nVSPLAB_TEST(One) { }\n',
      });
      const driver = driverOf(await toolchain.compile(p, ['driver.c', 'test.c'], { optimize }));
      expect(call(driver.wasm, 'Ask')).toBe(45);
      expect(driver.fixtures).toMatchObject([{ kind: 'test', name: 'One', file: 'test.c', line: 4 }]);
    },
  );

  it('refuses a second definition that no fixture makes', async () => {
    const p = project({ 'a.c': 'int F(void) { return 1; }\n', 'b.c': '\nint F(void) { return 2; }\n' });
    expect(messagesOf(await toolchain.compile(p, ['a.c', 'b.c']))).toEqual([
      "b.c:2: 'F' is defined twice: in a.c:1 and in b.c:2; link them as two drivers (--driver NAME=GLOB) or make one static",
    ]);
  });

  it('merges what C and C++ merge: string literals, inline functions, templates', async () => {
    const h =
      'inline int Same(const char *s) { return s[0]; }\ntemplate <class T> struct S { static inline int v = 3; T get() { return v; } };\n';
    const unit = (name: string) => `#include "h.h"\nint ${name}() { S<int> s; return s.get() + Same("text"); }\n`;
    const p = project({ 'h.h': h, 'a.cpp': unit('A'), 'b.cpp': unit('B') });
    driverOf(await toolchain.compile(p, ['a.cpp', 'b.cpp']));
  });

  it('lists functions nobody defines, and refuses those that an unlinked file defines', async () => {
    const p = project({
      'driver/a.c':
        'int Stub(int);\nint Helper(int);\nint UseStub(void) { return Stub(1); }\n#ifdef HELP\nint UseHelper(void) { return Helper(1); }\n#endif\n',
      'lib/h.c': 'int Helper(int a)\n{\n    return a;\n}\n',
    });
    const keep = 'typedef struct C *VMBCHANNEL;int UseStub(void);int Ask(VMBCHANNEL c, int x) { return UseStub(); }';
    p.write('driver/b.c', keep);
    const driver = driverOf(await toolchain.compile(p, ['driver/a.c', 'driver/b.c']));
    expect(driver.undefinedFunctions).toEqual([{ name: 'Stub', file: 'driver/a.c', line: 3 }]);
    expect(messagesOf(await toolchain.compile(p, ['driver/a.c', 'driver/b.c'], { defines: ['HELP'] }))).toEqual([
      "driver/a.c:5: 'Helper' is defined in lib/h.c, which is not part of this driver: add that file (paths, or --driver NAME=GLOB)",
    ]);
  });

  it('remarks on a declaration that does not fit its definition: legal on x64, a trap here', async () => {
    const p = project({
      'a.c': 'int F(long long);\ntypedef struct C *VMBCHANNEL;\nint Ask(VMBCHANNEL c, int x) { return F(1); }\n',
      'b.c': 'int F(int a) { return a; }\n',
    });
    const { notes } = driverOf(await toolchain.compile(p, ['a.c', 'b.c']));
    expect(notes.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      expect.stringMatching(/^note: 'F' is \(i64\) -> i32 in a\.c and \(i32\) -> i32 in b\.c: calls through the wrong/),
    ]);
  });

  it('exports static callbacks under a name of their own', async () => {
    const text = (value: number) =>
      `${CHANNEL}static int Save(VMBCHANNEL c, int x) { return ${value}; }\nint (*Table${value}[])(VMBCHANNEL, int) = { Save };\n`;
    const p = project({ 'a.c': text(1), 'b.cpp': text(2) });
    const driver = driverOf(await toolchain.compile(p, ['a.c', 'b.cpp']));
    const saves = driver.functions.filter(({ name }) => name === 'Save');
    expect(saves.map(({ symbol }) => call(driver.wasm, symbol))).toEqual([1, 2]);
  });

  it('compiles for ARM64 as well', async () => {
    const p = project({
      'a.c': `${CHANNEL}#ifndef _ARM64_\n#error no\n#endif\nint Ask(VMBCHANNEL c, int x) { return sizeof(long); }\n`,
    });
    expect(call(driverOf(await toolchain.compile(p, ['a.c'], { arch: 'arm64' })).wasm, 'Ask')).toBe(4);
  });

  it.each([0, 2] as const)(
    'compiles our own headers with memory checks (optimize %i) without a warning',
    async (optimize) => {
      const text =
        '#include <ntddk.h>\n#include <vmbuskernelmodeclientlibapi.h>\n#include <vsplab.h>\nVSPLAB_TEST(One) { ULONG a[4]; RtlZeroMemory(a, sizeof(a)); }\n';
      const driver = driverOf(await toolchain.compile(project({ 'a.c': text }), ['a.c'], { optimize, checked: true }));
      expect(driver.notes).toEqual([]);
    },
  );
});

describe('the cache', () => {
  function withCache(): {
    readonly folder: string;
    readonly compile: (p: TestProject, options?: object) => ReturnType<TestToolchain['compile']>;
  } {
    const folder = mkdtempSync(join(tmpdir(), 'vsp-lab-cache-'));
    return {
      folder,
      compile: (p, options = {}) => toolchain.compile(p, ['src/a.c', 'src/b.c'], options, { cache: diskCache(folder) }),
    };
  }
  const FILES = {
    'src/a.c': '#include <h.h>\nint A(void) { return H; }\n',
    'src/b.c': 'int B(void) { return 2; }\n',
    'inc/h.h': '#define H 1\n',
  };

  it('answers without a tool run when nothing changed, and compiles only what changed', async () => {
    const { folder, compile } = withCache();
    const p = project(FILES);
    const options = { includes: [p.at('inc')] };
    const made = await compile(p, options);
    const first = driverOf(made);
    let before = toolchain.runs;
    const again = await compile(p, options);
    expect(toolchain.runs - before).toBe(0);
    expect(again).toEqual({ ...made, fromCache: true, driver: { ...first, wasm: expect.anything() } });
    expect(Buffer.compare(driverOf(again).wasm, first.wasm)).toBe(0);

    before = toolchain.runs;
    p.write('inc/h.h', '#define H 3\n');
    expect(await compile(p, options)).toMatchObject({ ok: true, fromCache: false });
    // Front end and back end of a.c, and the link.
    expect(toolchain.runs - before).toBe(3);

    // A header that now is found earlier: nothing that was read has changed.
    before = toolchain.runs;
    p.write('src/h.h', '#define H 4\n');
    const shadowed = driverOf(await compile(p, options));
    expect(shadowed.files).toContain('src/h.h');

    // Back to the first state: still known.
    before = toolchain.runs;
    rmSync(p.at('src/h.h'));
    p.write('inc/h.h', '#define H 1\n');
    expect(await compile(p, options)).toMatchObject({ fromCache: true });
    expect(toolchain.runs - before).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it('asks the compiler again for other options and when entries are damaged', async () => {
    const { folder, compile } = withCache();
    const p = project({ ...FILES, 'src/a.c': 'int A(void) { return 1; }\n' });
    driverOf(await compile(p));
    expect(await compile(p, { optimize: 2 })).toMatchObject({ fromCache: false });
    for (const name of readdirSync(folder)) {
      writeFileSync(join(folder, name), 'damaged');
    }
    expect(await compile(p)).toMatchObject({ ok: true, fromCache: false });
    rmSync(folder, { recursive: true });
  });
});
