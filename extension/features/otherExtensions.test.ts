import { afterEach, describe, expect, it, vi } from 'vitest';
import { hasOtherHelp, isWanted } from './otherExtensions.js';

const { installed, settings } = vi.hoisted(() => ({
  installed: new Set<string>(),
  settings: new Map<string, unknown>(),
}));

vi.mock('vscode', () => ({
  extensions: { getExtension: (id: string) => (installed.has(id) ? {} : undefined) },
  workspace: {
    getConfiguration: (section: string) => ({ get: (name: string) => settings.get(`${section}.${name}`) }),
  },
}));

afterEach(() => {
  installed.clear();
  settings.clear();
});

describe('another extension for C and C++', () => {
  it('is cpptools or clangd, unless its engine is switched off', () => {
    expect(hasOtherHelp()).toBe(false);
    installed.add('ms-vscode.cpptools');
    expect(hasOtherHelp()).toBe(true);
    settings.set('C_Cpp.intelliSenseEngine', 'Disabled');
    expect(hasOtherHelp()).toBe(false);
    installed.add('llvm-vs-code-extensions.vscode-clangd');
    expect(hasOtherHelp()).toBe(true);
    settings.set('clangd.enable', false);
    expect(hasOtherHelp()).toBe(false);
  });

  it('silences what is automatic, and nothing that was asked for', () => {
    expect([isWanted('auto'), isWanted('on'), isWanted('off')]).toEqual([true, true, false]);
    installed.add('ms-vscode.cpptools');
    expect([isWanted('auto'), isWanted('on'), isWanted('off')]).toEqual([false, true, false]);
  });
});
