import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CompileResult } from '../core/toolchain/module.js';
import { CompileClient, type CompileClientOptions } from './compileClient.js';
import type { CompileJob } from './compileProtocol.js';
import { messagesOf, OPTIONS, TestProject } from './toolchain.testing.js';

const disposables: (() => unknown)[] = [];

afterEach(async () => {
  for (const dispose of disposables.splice(0)) {
    await dispose();
  }
});

function client(
  files: Readonly<Record<string, string>>,
  { timeout, ...options }: CompileClientOptions & { readonly timeout?: number } = {},
): {
  readonly project: TestProject;
  readonly compiler: CompileClient;
  readonly compile: (...names: string[]) => Promise<CompileResult>;
} {
  const project = new TestProject(files);
  const compiler = new CompileClient(options);
  disposables.push(
    () => compiler.dispose(),
    () => project.remove(),
  );
  return {
    project,
    compiler,
    compile: (...names) => compiler.compile(job(project, names), undefined, timeout),
  };
}

function job(project: TestProject, names: readonly string[]): CompileJob {
  const sources = { name: 'd', sources: names.map((name) => project.at(name)) };
  return { sources, options: OPTIONS, cwd: project.root };
}

const GOOD = 'int Good(void) { return 1; }\n';

/** Each level is ten of the level below. */
function macros(levels: number): string {
  const lines = ['#define M0 +1+1+1+1+1+1+1+1+1+1'];
  for (let level = 1; level < levels; level++) {
    lines.push(`#define M${level} ${`M${level - 1} `.repeat(10)}`);
  }
  return `${lines.join('\n')}\nint a = M${levels - 1};\n`;
}

/** Two instantiations per level, none shared. */
const TEMPLATES = `template <int N, int M> struct F { typedef typename F<N - 1, M * 2>::T A; typedef typename F<N - 1, M * 2 + 1>::T B; typedef int T; };
template <int M> struct F<0, M> { typedef int T; };
F<28, 1>::T x;
`;
const FUNCTIONS = Array.from(
  { length: 125_000 },
  (_, i) => `int f${i}(int a, int b) { int c = a + b * ${i}; if (c > 3) { c -= b; } return c; }\n`,
);

describe('CompileClient', () => {
  it('compiles one driver after the other in one warm worker', async () => {
    const { compile } = client({ 'a.c': GOOD, 'b.c': 'int b = wrong;\n' });
    const results = await Promise.all([compile('a.c'), compile('b.c'), compile('a.c')]);
    expect(results.map((result) => result.ok)).toEqual([true, false, true]);
  });

  it('ends a compile that takes too long with one message, and the next one still works', async () => {
    const { project, compiler, compile } = client({ 'bomb.cpp': TEMPLATES, 'a.c': GOOD }, { timeout: 2500 });
    expect(messagesOf(await compile('bomb.cpp'))).toEqual([
      'bomb.cpp: not compiled within 2500 ms (--compile-timeout): too large, or macros or templates without end',
    ]);
    // Without a limit: a fresh worker loads the compiler first, which takes what the machine has left.
    expect(messagesOf(await compiler.compile(job(project, ['a.c'])))).toEqual([]);
  });

  it('cancels what runs and what waits', async () => {
    const { compiler, compile } = client({ 'bomb.cpp': TEMPLATES, 'a.c': GOOD });
    const results = [compile('bomb.cpp'), compile('a.c')];
    setTimeout(() => compiler.dispose(), 300);
    expect((await Promise.all(results)).map((result) => messagesOf(result))).toEqual([
      ['bomb.cpp: cancelled'],
      ['a.c: cancelled'],
    ]);
  });

  it('cancels by signal, and goes on with the next', async () => {
    const { compiler, compile } = client({ 'bomb.cpp': TEMPLATES, 'a.c': GOOD });
    const abort = new AbortController();
    const project = new TestProject({ 'bomb.cpp': TEMPLATES });
    disposables.push(() => project.remove());
    const bomb = compiler.compile(job(project, ['bomb.cpp']), abort.signal);
    const good = compile('a.c');
    setTimeout(() => abort.abort(), 300);
    expect(messagesOf(await bomb)[0]).toMatch(/cancelled$/);
    expect(messagesOf(await good)).toEqual([]);
  });

  it('ends a worker that has had nothing to do for a while, and starts another', async () => {
    const { compiler, compile } = client({ 'a.c': GOOD }, { idle: 1 });
    expect(messagesOf(await compile('a.c'))).toEqual([]);
    await vi.waitUntil(() => !compiler.isRunning);
    expect(messagesOf(await compile('a.c'))).toEqual([]);
  });

  it('answers when the worker cannot even start', async () => {
    const { compile } = client({ 'a.c': GOOD }, { script: '/nowhere/worker.js' });
    expect(messagesOf(await compile('a.c'))[0]).toMatch(/^a\.c: the compiler stopped working/);
  });
});

describe('bad input ends with one message within 1 GiB', () => {
  it.each([
    [
      'a macro bomb',
      'a.c',
      macros(12),
      /^a\.c: the compiler needs more than 576 MiB for this file: it is too large, or its macros or templates grow without end$/,
    ],
    [
      'a template without end',
      'a.cpp',
      'template <class T> struct P { typedef typename P<P<T>>::U U; };\nP<int>::U x;\n',
      /^a\.cpp:1:\d+: recursive template instantiation exceeded maximum depth of 1024\n/,
    ],
    [
      'brackets without end',
      'a.c',
      `int a = ${'('.repeat(100_000)}1${')'.repeat(100_000)};\n`,
      /^a\.c: nested too deeply for the compiler/,
    ],
    ['10 MB of functions', 'a.c', FUNCTIONS.join(''), /^a\.c: not compiled within 6000 ms/],
  ])('%s', async (_, name, text, expected) => {
    const { compile } = client({ [name]: text }, { timeout: text.length > 1e6 ? 6000 : 50_000 });
    const errors = messagesOf(await compile(name)).filter((message) => !/: note: /.test(message));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(expected);
    expect(process.resourceUsage().maxRSS).toBeLessThan(1 << 20);
  });

  it('10 MB of comment and data compile', async () => {
    const { compile } = client({ 'a.c': `/*${'x'.repeat(9 << 20)}*/\nint a[] = {${'1,'.repeat(1 << 19)}};\n` });
    expect(messagesOf(await compile('a.c'))).toEqual([]);
  });
});
