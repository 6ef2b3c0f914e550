/** VS Code's stringly functions, typed by the ids of this extension. */
import { type ConfigurationScope, commands, type Disposable, workspace } from 'vscode';
import {
  type CommandArguments,
  type CommandId,
  type ContextKey,
  type ContextKeys,
  DEFAULTS,
  type SettingName,
  type Settings,
} from './ids.js';

export function registerCommand<Id extends CommandId>(
  id: Id,
  run: (...parameters: CommandArguments[Id]) => unknown,
): Disposable {
  return commands.registerCommand(id, run);
}

export function setContext<Key extends ContextKey>(key: Key, value: ContextKeys[Key]): Thenable<unknown> {
  return commands.executeCommand('setContext', key, value);
}

/** A value of the wrong type, which anybody can write into settings.json, counts as the default. */
export function readSetting<Name extends SettingName>(name: Name, scope?: ConfigurationScope): Settings[Name] {
  const fallback = DEFAULTS[name];
  const value = workspace.getConfiguration('vspLab', scope ?? null).get<Settings[Name]>(name, fallback);
  const fits = typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback) && value !== null;
  return fits ? value : fallback;
}

/** What somebody has set, or undefined: a default of ours must not hide what the project's own file says. */
export function readExplicit<Name extends SettingName>(
  name: Name,
  scope?: ConfigurationScope,
): Settings[Name] | undefined {
  const found = workspace.getConfiguration('vspLab', scope ?? null).inspect(name);
  const values = [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue];
  return values.every((value) => value === undefined) ? undefined : readSetting(name, scope);
}

export function settingName(name: SettingName): string {
  return `vspLab.${name}`;
}
