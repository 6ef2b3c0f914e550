/**
 * The command lines of the compiler core: what a kernel build predefines and asks for, and how our checks are switched
 * on (toolchain-facts 1-2).
 */
import type { FileFlags } from './compileCommands.js';
import type { CompileOptions } from './module.js';
import { toToolPath } from './toolFiles.js';

export const WDK_FOLDER = '/<wdk>';
export const CLANG_FOLDER = '/<clang>';

export type Language = 'c' | 'c++';

/** Language by file name, or undefined for a file that is no source. */
export function languageOf(path: string): Language | undefined {
  const extension = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase();
  switch (extension) {
    case 'c':
      return 'c';
    case 'cpp':
    case 'cc':
    case 'cxx':
    case 'c++':
      return 'c++';
    default:
      return undefined;
  }
}

const TRIPLES = { x64: 'x86_64-pc-windows-msvc19.40.0', arm64: 'aarch64-pc-windows-msvc19.40.0' } as const;

/** Predefined besides what clang's MSVC targets define themselves (_WIN32, _WIN64, _M_AMD64, _M_ARM64, _MSC_VER...). */
const PREDEFINED: readonly string[] = [
  'VSPLAB=1',
  '_KERNEL_MODE=1',
  'WINNT=1',
  'WINVER=0x0A00',
  '_WIN32_WINNT=0x0A00',
  'NTDDI_VERSION=0x0A00000C',
  'KMDF_VERSION_MAJOR=1',
  'KMDF_VERSION_MINOR=33',
  'UNICODE=1',
  '_UNICODE=1',
];
const PREDEFINED_BY_ARCH = { x64: ['_AMD64_=1', 'AMD64=1'], arm64: ['_ARM64_=1', 'ARM64=1'] } as const;

/** MSVC only warns of these in C, so drivers are full of them; the default of clang is an error. */
const ONLY_WARNINGS: readonly string[] = [
  '-Wno-error=int-conversion',
  '-Wno-error=incompatible-pointer-types',
  '-Wno-error=incompatible-function-pointer-types',
];

/** Silenced: pragmas and extensions of MSVC that clang remarks upon, and styles that every kernel source uses. */
const SILENCED: readonly string[] = [
  '-Wno-microsoft',
  '-Wno-unknown-pragmas',
  '-Wno-ignored-pragmas',
  '-Wno-ignored-attributes',
  '-Wno-pragma-pack',
  '-Wno-nonportable-include-path',
  '-Wno-multichar',
  '-Wno-missing-braces',
  '-Wno-unused-function',
  '-Wno-switch',
  '-Wno-comment',
  // Kernel structures end in arrays of ANYSIZE_ARRAY elements, which is 1.
  '-Wno-array-bounds',
];

/**
 * Every load and store calls a function of our runtime; no shadow access is inlined, since our runtime decides where
 * the shadow lies.
 */
const MEMORY_CHECKS: readonly string[] = [
  '-fsanitize=kernel-address',
  '-mllvm',
  '-asan-instrumentation-with-call-threshold=0',
  '-mllvm',
  '-asan-stack=1',
  '-mllvm',
  '-asan-globals=1',
  '-mllvm',
  '-asan-max-inline-poisoning-size=0',
  // A store to what was loaded a moment ago (`x |= 1`, bit-fields) must be seen, too: touched.c notes who wrote a byte.
  '-mllvm',
  '-asan-opt-same-temp=0',
  // ARM64's own shadow lies at a fixed address; ours is where __asan_shadow_memory_dynamic_address says.
  '-mllvm',
  '-asan-force-dynamic-shadow=1',
];

/**
 * Wasm features that every engine with 64-bit memory has. Saturating conversions do not trap where x64 code would not
 * either.
 */
const TARGET_FEATURES: readonly string[] = [
  '+bulk-memory',
  '+bulk-memory-opt',
  '+sign-ext',
  '+nontrapping-fptoint',
  '+mutable-globals',
];

export interface FrontEndRequest {
  readonly source: string;
  readonly language: Language;
  readonly output: string;
  readonly options: CompileOptions;
  /** From compile_commands.json. */
  readonly flags: FileFlags;
  /** Folder whose prefix `__FILE__` loses. */
  readonly cwd: string;
  /** Looks for errors only: finding what to warn of takes a fifth of the time. */
  readonly quiet?: boolean;
  /** Headers the source begins with, as `prefixArguments` had them precompiled. */
  readonly precompiled?: string;
}

/** C or C++ to textual IR with the MSVC ABI; paths are those of the host. */
export function frontEndArguments(request: FrontEndRequest): readonly string[] {
  return commandLine(
    request,
    // What the front end itself writes is not checked, as in every release of it; the back end checks what it is given.
    [
      '-emit-llvm',
      '-disable-llvm-verifier',
      ...(request.quiet === true ? ['-w'] : []),
      ...(request.precompiled === undefined ? [] : ['-include-pch', request.precompiled]),
    ],
    searchedFolders(request).flatMap((include) => ['-I', include]),
    request.language,
  );
}

/**
 * A header that includes only ours to precompiled headers for sources of the same request: whatever else the line says
 * must be the same.
 */
export function prefixArguments(request: FrontEndRequest): readonly string[] {
  return commandLine(request, ['-emit-pch'], [], `${request.language}-header`);
}

/** Folders in which a header is looked for before ours; paths of the tool's tree. */
export function searchedFolders({ source, options, flags }: FrontEndRequest): readonly string[] {
  const path = toToolPath(source);
  return [
    path.slice(0, path.lastIndexOf('/')) || '/',
    ...options.includes.map(toToolPath),
    ...flags.includes.map(toToolPath),
  ];
}

function commandLine(
  request: FrontEndRequest,
  action: readonly string[],
  folders: readonly string[],
  input: string,
): readonly string[] {
  const { options, flags, language } = request;
  const source = toToolPath(request.source);
  return [
    'clang',
    '-cc1',
    '-triple',
    TRIPLES[options.arch],
    ...action,
    '-disable-free',
    '-main-file-name',
    source.slice(source.lastIndexOf('/') + 1),
    '-mrelocation-model',
    'static',
    '-mframe-pointer=none',
    '-relaxed-aliasing',
    // What reaches NULL is to fault there, not to be optimised into anything.
    '-fno-delete-null-pointer-checks',
    '-ffp-contract=on',
    '-fms-volatile',
    '-ffreestanding',
    '-fms-extensions',
    '-fms-compatibility',
    '-fms-compatibility-version=19.40',
    '-debug-info-kind=limited',
    '-dwarf-version=5',
    '-fdebug-compilation-dir=/',
    `-fmacro-prefix-map=${toToolPath(request.cwd)}/=`,
    '-resource-dir',
    CLANG_FOLDER,
    ...folders,
    '-internal-isystem',
    WDK_FOLDER,
    '-internal-isystem',
    CLANG_FOLDER,
    ...definitions(options, flags),
    ...flags.undefines.map((name) => `-U${name}`),
    ...flags.forced.flatMap((header) => ['-include', header]),
    ...languageArguments(language, flags),
    '-ferror-limit',
    '20',
    '-fmessage-length=0',
    '-fno-caret-diagnostics',
    '-fdiagnostics-absolute-paths',
    '-Wall',
    ...SILENCED,
    ...(language === 'c' ? ONLY_WARNINGS : []),
    ...(options.checked ? MEMORY_CHECKS : []),
    ...optimization(options),
    '-o',
    request.output,
    '-x',
    input,
    source,
  ];
}

/** Retargeted IR to a wasm64 object. `verify`: the back end checks its own work. */
export function backEndArguments(
  input: string,
  output: string,
  optimize: 0 | 2,
  verify: boolean = true,
): readonly string[] {
  return [
    'clang',
    '-cc1',
    '-triple',
    'wasm64-unknown-unknown',
    '-emit-obj',
    '-mrelocation-model',
    'static',
    '-disable-free',
    ...[...TARGET_FEATURES, ...(optimize === 2 ? ['+simd128'] : [])].flatMap((feature) => ['-target-feature', feature]),
    '-fno-caret-diagnostics',
    '-fmessage-length=0',
    optimize === 2 ? '-O2' : '-O0',
    ...(verify ? [] : ['-disable-llvm-verifier']),
    '-o',
    output,
    '-x',
    'ir',
    input,
  ];
}

/**
 * The back end optimises. Memory checks are a pass of the front end, which -disable-llvm-passes would leave out as
 * well.
 */
function optimization({ optimize, checked }: CompileOptions): readonly string[] {
  if (optimize === 0) {
    return ['-O0'];
  }
  return checked ? ['-O0', '-disable-O0-optnone'] : ['-O2', '-disable-llvm-passes'];
}

function languageArguments(language: Language, flags: FileFlags): readonly string[] {
  const standard = flags.standard;
  if (language === 'c') {
    return [`-std=${standard !== undefined && /^(c|gnu)\d/.test(standard) ? standard : 'c17'}`];
  }
  return [
    `-std=${standard !== undefined && /^(c|gnu)\+\+/.test(standard) ? standard : 'c++20'}`,
    '-fno-rtti',
    '-fno-threadsafe-statics',
    '-fno-use-cxa-atexit',
  ];
}

/** A macro the user defines is not defined by us: both would be a warning of its own. */
function definitions(options: CompileOptions, flags: FileFlags): readonly string[] {
  const users = [...flags.defines, ...options.defines];
  const names = new Set(users.map(macroName));
  const ours = [...PREDEFINED, ...PREDEFINED_BY_ARCH[options.arch], isRelease(options) ? 'DBG=0' : 'DBG=1'];
  return [...ours.filter((definition) => !names.has(macroName(definition))), ...users].map(
    (definition) => `-D${definition}`,
  );
}

/** Without checks code is compiled as for a release; a debugger wants the same program, only not optimised. */
function isRelease({ optimize, checked, debug }: CompileOptions): boolean {
  return optimize === 2 || (debug === true && !checked);
}

function macroName(definition: string): string {
  return definition.split(/[=(]/, 1)[0] ?? definition;
}
