import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../core/run/memoryFiles.js';
import { createLlvm } from '../core/toolchain/llvm.js';
import { ToolFiles } from '../core/toolchain/toolFiles.js';
import { compileUnit } from '../core/toolchain/unit.js';
import { readClangHeaders } from './buildRuntime.js';
import { missingFromRuntime } from './runtimeSymbols.js';
import { COMPILER_MEMORY, loadCompilerCore, loadRuntime } from './toolchainFiles.js';

describe('the built runtime', () => {
  const { symbols, object, hash } = loadRuntime();

  it('is a WebAssembly object with a hash', () => {
    expect([...object.subarray(0, 4)]).toEqual([0, 0x61, 0x73, 0x6d]);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('uses and defines what it has to', () => {
    expect(missingFromRuntime(object, symbols)).toEqual([]);
  });

  it('is refused when a function of ours is gone', () => {
    const kept = new Set(symbols);
    kept.delete('vsp_restart_host');
    kept.delete('vsp_frames');
    expect(missingFromRuntime(object, kept)).toEqual([
      "the runtime does not define 'vsp_restart_host', which others need",
      "the runtime does not define 'vsp_frames', which others need",
    ]);
  });

  it('is refused when it calls what nobody defines', () => {
    const llvm = createLlvm(loadCompilerCore());
    const source = 'void vsp_wait_(void); void vsp_breach(void); void Here(void) { vsp_wait_(); vsp_breach(); }';
    const files = new ToolFiles(memoryFiles({ '/src/a.c': source }), []);
    const options = { optimize: 2, checked: false, arch: 'x64', defines: [], includes: [] } as const;
    const result = compileUnit(
      { source: '/src/a.c', unit: 0, options, instrument: false },
      { llvm, files, pathOf: (path) => path, cwd: '/src', memoryLimit: COMPILER_MEMORY },
    );
    const more = result.ok ? result.output.object : new Uint8Array();
    expect(missingFromRuntime(more, symbols)).toEqual([
      "the runtime uses 'vsp_wait_', which neither C nor TypeScript defines",
    ]);
  });
});

describe('clang’s headers', () => {
  it('are those a freestanding program may include', () => {
    const names = [...readClangHeaders().keys()];
    expect(names).toEqual(expect.arrayContaining(['stddef.h', 'stdarg.h', 'stdint.h', 'stdbool.h', 'limits.h']));
    expect(names.filter((name) => /intrin|neon|cuda/.test(name))).toEqual([]);
  });
});
