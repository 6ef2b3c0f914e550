/** Small C drivers for tests: compiled by the real toolchain, linked with the real runtime, run by the real simulator. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiName } from '../../extension/core/kmcl/api.js';
import { eventAt } from '../../extension/core/kmcl/events.js';
import { EVENT } from '../../extension/core/kmcl/layout.js';
import { parseModes } from '../../extension/core/kmcl/modes.js';
import { simulate } from '../../extension/core/kmcl/simulate.js';
import type { Program, SimulationOptions, SimulationResult } from '../../extension/core/kmcl/simulation.js';
import { RULES } from '../../extension/core/rules/catalogue.js';
import { memoryFiles } from '../../extension/core/run/memoryFiles.js';
import { compileDriver, type Runtime } from '../../extension/core/toolchain/compile.js';
import { formatDiagnostic } from '../../extension/core/toolchain/diagnostics.js';
import { createLlvm, type Llvm } from '../../extension/core/toolchain/llvm.js';
import type { CompiledDriver } from '../../extension/core/toolchain/module.js';
import { headerFiles, readClangHeaders } from '../../extension/worker/buildRuntime.js';
import { diskCache } from '../../extension/worker/diskCache.js';
import { folderFiles } from '../../extension/worker/projectFiles.js';
import {
  COMPILER_MEMORY,
  libraryFunctionTest,
  loadCompilerCore,
  productFolder,
  sha256,
} from '../../extension/worker/toolchainFiles.js';
import { testRuntime } from './testRuntime.js';

const ROOT = productFolder();
const HEADERS = join(ROOT, 'extension/core/wdk/include');
const CACHE = join(ROOT, 'node_modules/.cache/vsp-lab/drivers');
const TOOL_FOLDERS = ['extension/core/toolchain', 'extension/core/toolchain/passes', 'extension/core/wdk/include'];
/** The linked module exports what this file lists. */
const EXPORTS = 'extension/core/kmcl/native.ts';

let compiler: Llvm | undefined;
const llvm: Llvm = {
  run: (args, files) => {
    compiler ??= createLlvm(loadCompilerCore());
    return compiler.run(args, files);
  },
  prepare: () => false,
};

/** Content of all sources that a compiled driver depends on. */
function contentHash(folders: readonly string[], pattern: RegExp): string {
  const parts = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => pattern.test(name))
      .sort()
      .map((name) => `${name}\0${readFileSync(join(ROOT, folder, name), 'utf8')}`),
  );
  return sha256(parts.join('\0'));
}

let loadedRuntime: Runtime | undefined;

function runtime(): Runtime {
  loadedRuntime ??= testRuntime(llvm);
  return loadedRuntime;
}

export interface DriverOptions {
  readonly checked?: boolean;
  readonly optimize?: 0 | 2;
  readonly differential?: boolean;
  /** C unless said otherwise. */
  readonly language?: 'c' | 'c++';
}

/** A driver of one C source, ready to run. */
export class TestDriver {
  readonly driver: CompiledDriver;
  readonly module: WebAssembly.Module;

  constructor(driver: CompiledDriver) {
    this.driver = driver;
    this.module = new WebAssembly.Module(new Uint8Array(driver.wasm));
  }

  /** Runs one VSPLAB_TEST with its file's set-up and tear-down. */
  test(name: string, options: Partial<RunOptions> = {}): TestRun {
    const entry = (kind: string) => this.driver.fixtures.find((fixture) => fixture.kind === kind);
    const test = this.driver.fixtures.find((fixture) => fixture.kind === 'test' && fixture.name === name);
    if (test === undefined) {
      throw new Error(`no VSPLAB_TEST(${name}) in the driver`);
    }
    const setup = entry('setup');
    const teardown = entry('teardown');
    return this.run(
      {
        kind: 'test',
        test,
        ...(setup === undefined ? {} : { setup }),
        ...(teardown === undefined ? {} : { teardown }),
      },
      options,
    );
  }

  run(program: Program, options: Partial<RunOptions> = {}): TestRun {
    return new TestRun(
      this,
      simulate({ driver: this.driver, module: this.module }, program, simulationOptions(options)),
    );
  }
}

export interface RunOptions extends Omit<SimulationOptions, 'modes'> {
  /** `A-07=before` texts. */
  readonly modes: readonly string[];
}

export function simulationOptions({ modes = [], ...options }: Partial<RunOptions>): SimulationOptions {
  const parsed = parseModes(modes);
  if (!parsed.ok) {
    throw new Error(parsed.message);
  }
  return {
    checks: 'contract',
    seed: 1,
    memoryLimit: 256 << 20,
    budget: 50_000_000,
    captureLimit: 10_000,
    chunkBuffer: 0,
    stubValues: new Map(),
    stubsAllowed: true,
    ruleNames: RULES.map((rule) => rule.id),
    ...options,
    modes: parsed.choices,
  };
}

/** What happened, in words that tests compare. */
export class TestRun {
  readonly result: SimulationResult;
  readonly #driver: TestDriver;

  constructor(driver: TestDriver, result: SimulationResult) {
    this.#driver = driver;
    this.result = result;
  }

  /** 'completed', or why not. */
  get end(): string {
    const { ended, fault, assertion } = this.result;
    return ended === 'completed' ? ended : `${ended}: ${fault?.text ?? assertion?.message ?? ''}`;
  }

  /** Callbacks in order, without their prefix: 'Opened', 'Started', 'ProcessPacket'. */
  get callbacks(): readonly string[] {
    const { events } = this.result;
    const names: string[] = [];
    for (let index = 0; index < events.count; index++) {
      if (events.kind[index] === EVENT.CALLBACK) {
        names.push((apiName(events.api[index] ?? 0) ?? '?').replace(/^EvtVmb(Channel|Packet)/, ''));
      }
    }
    return names;
  }

  /** Lines of VSPLAB_LOG and DbgPrint. */
  get output(): readonly string[] {
    return this.result.output.flatMap(({ text }) => text.split('\n').filter((line) => line !== ''));
  }

  /** Slugs of broken rules, in order. */
  get breaches(): readonly string[] {
    return this.result.breaches.map((breach) => breach.rule);
  }

  get messages(): readonly string[] {
    return this.result.breaches.map((breach) => `${breach.rule}: ${breach.message ?? ''}`);
  }

  /** `function:line` of frames, innermost first, library frames by their name. */
  stack(frames: readonly number[]): readonly string[] {
    return [...frames].reverse().map((frame) => {
      if (frame >= 0x80000000) {
        return apiName(frame - 0x80000000) ?? '?';
      }
      const location = this.#driver.driver.locations[frame >>> 20]?.[frame & 0xfffff];
      return location === undefined ? '?' : `${location.function}:${location.line}`;
    });
  }

  events(): ReturnType<typeof eventAt>[] {
    return Array.from({ length: this.result.events.count }, (_, index) => eventAt(this.result.events, index));
  }
}

/** For hooks that compile: a runtime whose sources changed takes seconds, on a busy machine a minute. */
export const COMPILE_TIMEOUT = 300_000;

/** Compiles one source (with <vsplab.h> to include); throws with the compiler's messages. */
export async function compileText(source: string, options: DriverOptions = {}): Promise<TestDriver> {
  const path = options.language === 'c++' ? '/project/driver.cpp' : '/project/driver.c';
  const files = memoryFiles({ [path]: source });
  const result = await compileDriver(
    { name: 'driver', sources: [path] },
    {
      optimize: options.optimize ?? 0,
      checked: options.checked ?? true,
      ...(options.differential === undefined ? {} : { differential: options.differential }),
      arch: 'x64',
      defines: [],
      includes: [],
    },
    {
      llvm,
      files,
      wdk: folderFiles(HEADERS),
      clangHeaders: headerFiles(readClangHeaders()),
      runtime: runtime(),
      cwd: '/project',
      rootOf: () => '/project',
      isLibraryFunction: libraryFunctionTest(HEADERS),
      hash: sha256,
      cache: diskCache(CACHE),
      version: contentHash(TOOL_FOLDERS, /(?<!\.test)\.(ts|h)$/) + readFileSync(join(ROOT, EXPORTS), 'utf8'),
      memoryLimit: COMPILER_MEMORY,
    },
  );
  if (!result.ok) {
    throw new Error(result.diagnostics.map(formatDiagnostic).join('\n'));
  }
  return new TestDriver(result.driver);
}
