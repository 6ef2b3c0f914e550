/** Extensions that explain C and C++ to everybody: with one of them at work ours says only what they do not know. */
import { extensions, workspace } from 'vscode';
import type { Help } from './ids.js';

const CPPTOOLS = 'ms-vscode.cpptools';
const CLANGD = 'llvm-vs-code-extensions.vscode-clangd';

/** One of them is enabled and has not been told to be quiet. */
export function hasOtherHelp(): boolean {
  const cpptools = extensions.getExtension(CPPTOOLS) !== undefined && cpptoolsEngine() !== 'disabled';
  const clangd = extensions.getExtension(CLANGD) !== undefined && clangdEnabled();
  return cpptools || clangd;
}

function cpptoolsEngine(): string {
  const value = workspace.getConfiguration('C_Cpp').get<unknown>('intelliSenseEngine');
  return typeof value === 'string' ? value.toLowerCase() : 'default';
}

function clangdEnabled(): boolean {
  return workspace.getConfiguration('clangd').get<unknown>('enable') !== false;
}

/** Of a setting that leaves the field to others by itself. */
export function isWanted(setting: Help): boolean {
  return setting === 'on' || (setting === 'auto' && !hasOtherHelp());
}
