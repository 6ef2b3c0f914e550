import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CompileServices } from '../core/toolchain/compile.js';
import { headerMounts } from '../core/toolchain/compile.js';
import type { CompileOptions } from '../core/toolchain/module.js';
import { PrecompiledHeaders } from '../core/toolchain/precompiled.js';
import { headerFiles, readClangHeaders } from './buildRuntime.js';
import { fixedFolderFiles } from './projectFiles.js';
import { driverOf, messagesOf, TestProject, TestToolchain } from './toolchain.testing.js';
import { productFolder } from './toolchainFiles.js';

const headers = {
  wdk: fixedFolderFiles(join(productFolder(), 'extension/core/wdk/include')),
  clangHeaders: headerFiles(readClangHeaders()),
};

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

/** What a compilation without precompiled headers, one that misses them and one that may use them have to say. */
async function threeTimes(
  files: Readonly<Record<string, string>>,
  options: Partial<CompileOptions> = {},
): Promise<{ readonly answers: readonly unknown[]; readonly used: boolean }> {
  const project = new TestProject(files);
  projects.push(project);
  const sources = Object.keys(files).filter((name) => /\.c(pp)?$/.test(name));
  let used = 0;
  const llvm: CompileServices['llvm'] = {
    ...toolchain.llvm,
    run: (args, tree) => {
      used += args.includes('-include-pch') ? 1 : 0;
      return toolchain.llvm.run(args, tree);
    },
  };
  const precompiled = new PrecompiledHeaders(llvm, headerMounts(headers));
  const compile = (services: Partial<CompileServices>) =>
    toolchain.compile(project, sources, options, { ...headers, llvm, ...services });
  const answers = [await compile({}), await compile({ precompiled })];
  expect(used).toBe(0);
  while (precompiled.prepare());
  answers.push(await compile({ precompiled }));
  return { answers, used: used > 0 };
}

const C = `
typedef struct _R { LIST_ENTRY Link; UINT64 Id; WCHAR Name[3]; } R;
NTSTATUS Check(R *r, PULONG n)
{
    NTSTATUS status = RtlULongAdd(r->Name[0], sizeof(R), n);
    InsertTailList(&r->Link, &r->Link);
    return NT_SUCCESS(status) ? STATUS_SUCCESS : status;
}`;

describe('precompiled headers', () => {
  it.each<readonly [string, Readonly<Record<string, string>>, Partial<CompileOptions>]>([
    ['C', { 'a.c': `#include <ntddk.h>\n#include <ntintsafe.h>\n${C}` }, { checked: true }],
    ['optimised', { 'a.c': `#include <ntddk.h>\n#include <ntintsafe.h>\n${C}` }, { optimize: 2, defines: ['DBG=0'] }],
    ['ARM64', { 'a.c': `#include <ntddk.h>\n#include <ntintsafe.h>\n${C}` }, { arch: 'arm64' }],
    [
      'with initguid.h first, and all the other headers',
      {
        'a.c': `#include <initguid.h>\n#include <ntifs.h>\n#include <ntintsafe.h>\n#include <ntstrsafe.h>\n#include <wdf.h>
          #include <vmbuskernelmodeclientlibapi.h>\n#include <vsplab.h>
          DEFINE_GUID(Id, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);\n${C}
          VSPLAB_TEST(T) { VSPLAB_ASSERT_EQUAL(1, Id.Data1); }
          WDF_DECLARE_CONTEXT_TYPE(R)`,
      },
      { checked: true },
    ],
    [
      'behind a guarded header of the user, by two sources',
      {
        'inc/r.h':
          '#ifndef R_H_\n#define R_H_\n#include <ntddk.h>\n#include <ntintsafe.h>\nextern int Shared;\n#endif\n',
        'a.c': `#include "inc/r.h"\n${C}`,
        'b.c': '#include "inc/r.h"\nint Shared = __LINE__ + sizeof(__FILE__);\n',
      },
      {},
    ],
    ['a driver that warns', { 'a.c': '#include <ntddk.h>\nint f(void) { int unused; return 1 == 1L && 0; }\n' }, {}],
  ])('give the same driver: %s', async (_, files, options) => {
    const { answers, used } = await threeTimes(files, options);
    expect(used).toBe(true);
    expect(driverOf(answers[0] as never).wasm.length).toBeGreaterThan(0);
    expect(answers[2]).toEqual(answers[0]);
    expect(answers[1]).toEqual(answers[0]);
  });

  it.each<readonly [string, Readonly<Record<string, string>>, Partial<CompileOptions>]>([
    [
      'it is C++: the debug info of using-declarations would be missing',
      { 'a.cpp': '#include <ntddk.h>\n#include <type_traits>\nint x;\n' },
      {},
    ],
    [
      'a header beside the source has the name of one of theirs',
      { 'a.c': '#include <ntddk.h>\nint x = OWN;\n', 'NtStatus.h': '#define OWN 1\n#include "../ntstatus.h"\n' },
      {},
    ],
    [
      'a guard of the user means something to them',
      { 'a.c': '#include "own.h"\nint x;\n', 'own.h': '#ifndef DBG\n#define DBG\n#include <ntddk.h>\n#endif\n' },
      {},
    ],
  ])('are not used when %s', async (_, files, options) => {
    const { answers, used } = await threeTimes(files, options);
    expect(used).toBe(false);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('leave messages as they are', async () => {
    const files = { 'a.c': '#include <ntddk.h>\nNTSTATUS f(PIRP irp) { return irp->Missing; }\nint KeSetEvent;\n' };
    const { answers, used } = await threeTimes(files);
    expect(used).toBe(true);
    expect(messagesOf(answers[0] as never).join('\n')).toMatch(/no member named 'Missing'[\s\S]*'KeSetEvent'/);
    expect(answers[2]).toEqual(answers[0]);
  });
});
