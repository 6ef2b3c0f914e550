/**
 * Messages for what a driver may contain and the simulator cannot run: they name it and the way out, never a tool's own
 * words.
 */

import type { Diagnostic } from './module.js';

const WAY_OUT = 'put it behind #ifndef VSPLAB, or give VSP Lab a portable version under #ifdef VSPLAB';

/**
 * x86 and ARM64 intrinsics that mean something on real processors only. Portable ones (_Interlocked*, _BitScan*) work
 * and are not here.
 */
const INTRINSICS = [
  '_mm(?:256|512)?_\\w+|_xgetbv|_xsetbv|_x(?:save|rstor)\\w*|_fx(?:save|rstor)\\w*',
  '__cpuid(?:ex)?|__rdtscp?|__rdpmc|__(?:read|write)(?:msr|cr\\d|dr|eflags|pmc|[fg]s\\w+)',
  '__(?:in|out)(?:byte|word|dword)(?:string)?|__invlpg|__wbinvd|__lidt|__sidt|__lgdt|__vmx_\\w+|__svm_\\w+',
  '__halt|_disable|_enable|__ud2|__int2c|__getcallerseflags|__segmentlimit|__clflush\\w*|_rd(?:rand|seed)\\d+_step',
  '_ReadStatusReg|_WriteStatusReg|__hvc|__svc|__dmb|__dsb|__isb|v(?:ld|st)\\d+q?_\\w+',
];
const INTRINSIC = new RegExp(`^(?:${INTRINSICS.join('|')})$`);
const INTRINSIC_HEADER =
  /^(?:[a-z0-9]*mmintrin|x86intrin|avx\w*intrin|arm_neon|arm64_neon|arm64intr|cpuid|ammintrin|wmmintrin)\.h$/i;

/** The intrinsic's name if this is one that no portable meaning exists for. */
export function isProcessorIntrinsic(name: string): boolean {
  return INTRINSIC.test(name);
}

export function intrinsicMessage(name: string): string {
  return `processor intrinsic '${name}' cannot run in the simulator: ${WAY_OUT}`;
}

/** Rewrites those of clang's errors that speak of its own insides; all others stay as they are. */
export function clarifyAll(diagnostics: readonly Diagnostic[], isOutside: OutsideTest): readonly Diagnostic[] {
  const clear: Diagnostic[] = [];
  let drop = false;
  for (const diagnostic of diagnostics) {
    const better = clarify(diagnostic, isOutside);
    // clang's advice ("include the header <intrin.h>") belongs to its own message.
    drop =
      diagnostic.severity === 'note'
        ? drop && diagnostic.message !== 'included from here'
        : better.message !== diagnostic.message;
    if (diagnostic.severity !== 'note' || !drop) {
      clear.push(better);
    }
  }
  return clear;
}

/** The passes see what a compiler builtin became; the source line tells what it was. */
export function nameIntrinsic(error: Diagnostic): Diagnostic {
  const from = error.sourceLine?.slice(Math.max(0, error.column - 1)) ?? '';
  const name = /^\w+/.exec(from)?.[0];
  return name !== undefined && isProcessorIntrinsic(name) ? { ...error, message: intrinsicMessage(name) } : error;
}

function clarify(diagnostic: Diagnostic, isOutside: OutsideTest): Diagnostic {
  const { message } = diagnostic;
  if (diagnostic.severity !== 'error') {
    return diagnostic;
  }
  if (/inline assembly|inline asm|invalid (?:output|input) constraint|in asm$/.test(message)) {
    return { ...diagnostic, message: `inline assembly cannot run in the simulator: ${WAY_OUT}` };
  }
  const name = /^(?:call to undeclared (?:library )?function|use of undeclared identifier) '([^']+)'/.exec(
    message,
  )?.[1];
  if (name !== undefined && isProcessorIntrinsic(name)) {
    return { ...diagnostic, message: intrinsicMessage(name) };
  }
  const header = /^'([^']+)' file not found/.exec(message)?.[1];
  if (header !== undefined) {
    return { ...diagnostic, message: missingHeader(header, diagnostic.file, isOutside) };
  }
  if (/^#include nested too deeply/.test(message)) {
    return {
      ...diagnostic,
      message: 'files include each other without end: an include guard or #pragma once is missing',
    };
  }
  return diagnostic;
}

function missingHeader(header: string, file: string, isOutside: OutsideTest): string {
  if (isOutside(header, file)) {
    return `'${header}' not found (outside the project; use --include)`;
  }
  if (INTRINSIC_HEADER.test(header)) {
    return `'${header}' not found: processor intrinsics cannot run in the simulator: ${WAY_OUT}`;
  }
  return `'${header}' file not found; folders to search are given by --include`;
}

/**
 * Answers whether an #include of `name` in `file` (as diagnostics show it) leads out of the project, whichever folder
 * it is looked for in.
 */
export type OutsideTest = (name: string, file: string) => boolean;

export function outsideTest(
  folders: readonly string[],
  folderOf: (file: string) => string,
  refuses: (path: string) => boolean,
): OutsideTest {
  return (name, file) => {
    const path = name.replaceAll('\\', '/');
    return /^(?:\/|[A-Za-z]:\/)/.test(path)
      ? refuses(path)
      : [folderOf(file), ...folders].some((folder) => refuses(`${folder}/${path}`));
  };
}

/** clang ran into a limit of ours, or died: one message about the file, whatever was printed. */
export function limitMessage(end: 'memory' | 'stack' | 'crash', memoryLimit: number): string {
  switch (end) {
    case 'memory':
      return (
        `the compiler needs more than ${memoryLimit >> 20} MiB for this file: it is too large, or its macros or ` +
        'templates grow without end'
      );
    case 'stack':
      return 'nested too deeply for the compiler: brackets, macros or templates without end';
    case 'crash':
      return (
        'the compiler stopped working on this file; the smallest part of it that does so is worth a bug report to ' +
        'VSP Lab'
      );
  }
}

/** The back end refused IR that every pass let through. Names the function if the back end did, and what it met. */
export function backEndError(
  output: string,
  unit: string,
  placeOf: (symbol: string) => { readonly file: string; readonly line: number; readonly name: string } | undefined,
): Diagnostic {
  const symbol = /(?:In function:? |on function '@?|in function '?@?)"?([\w$.?@]+)/i.exec(output)?.[1];
  const intrinsic = /%?llvm\.((?:x86|aarch64|arm)\.[\w.]+)/.exec(output)?.[1];
  const place = symbol === undefined ? undefined : placeOf(symbol);
  const feature =
    intrinsic === undefined ? 'something no WebAssembly code exists for' : `the processor intrinsic '${intrinsic}'`;
  return {
    severity: 'error',
    file: place?.file ?? unit,
    line: place?.line ?? 0,
    column: 0,
    message: `${place === undefined ? 'this file' : `function '${place.name}'`} uses ${feature}: ${WAY_OUT}`,
  };
}
