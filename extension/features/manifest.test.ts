import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ATTRIBUTES } from '../debug/launchAttributes.js';
import {
  COMMANDS,
  CONTEXT_KEYS,
  DEBUG_TYPE,
  DEFAULTS,
  EDITOR_VIEW,
  KERNEL_VIEW,
  LANGUAGES,
  RULE_SCHEME,
  VIEW,
} from './ids.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Table = { readonly [key: string]: Json };

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const words: Readonly<Record<string, string>> = JSON.parse(readFileSync('package.nls.json', 'utf8'));
const { contributes, capabilities } = manifest;
const settings: Readonly<Record<string, Table>> = contributes.configuration.properties;
const menus: Readonly<Record<string, readonly Table[]>> = contributes.menus;
const entries = Object.values(menus).flat();

/** Every text below a value. */
function texts(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(texts);
}

const sorted = (values: readonly string[]) => [...values].sort();

describe('package.json and the ids of the code', () => {
  it('have the same commands', () => {
    const contributed = contributes.commands.map(({ command }: Table) => command);
    expect(sorted(contributed)).toEqual(sorted(COMMANDS));
    for (const { command } of entries) if (command !== undefined) expect(COMMANDS).toContain(command);
  });

  it('have the same settings, with the same defaults', () => {
    const defaults = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [`vspLab.${name}`, value]));
    expect(Object.fromEntries(Object.entries(settings).map(([name, { default: value }]) => [name, value]))).toEqual(
      defaults,
    );
  });

  it('have the same context keys', () => {
    const clauses = [...entries, ...contributes.commands, ...Object.values(contributes.views).flat()] as Table[];
    const used = clauses.flatMap(({ when, enablement }) => texts([when ?? '', enablement ?? '']));
    const keys = used.flatMap((clause) => clause.match(/\bvspLab\.\w+/g) ?? []);
    const known = [...CONTEXT_KEYS, ...Object.values(VIEW)] as readonly string[];
    expect(sorted([...new Set(keys)])).toEqual(sorted(known));
  });

  it('have the same views and documents', () => {
    const views = Object.values<readonly Table[]>(contributes.views).flat();
    expect(sorted(views.map(({ id }) => String(id)))).toEqual(sorted([...Object.values(VIEW), KERNEL_VIEW]));
    for (const { id, when, type } of views) {
      const kernel = id === KERNEL_VIEW;
      expect(when).toBe(kernel ? `inDebugMode && debugType == ${DEBUG_TYPE}` : 'vspLab.present');
      expect(type).toBe(kernel ? undefined : 'webview');
    }
    expect(sorted(manifest.activationEvents)).toEqual(
      sorted([
        ...LANGUAGES.map((language) => `onLanguage:${language}`),
        `onFileSystem:${RULE_SCHEME}`,
        `onWebviewPanel:${EDITOR_VIEW}`,
        `onDebugResolve:${DEBUG_TYPE}`,
        `onDebugDynamicConfigurations:${DEBUG_TYPE}`,
      ]),
    );
  });

  it('have the same launch attributes, at most ten, with defaults', () => {
    const [debuggerRow] = contributes.debuggers;
    const { properties } = debuggerRow.configurationAttributes.launch;
    expect(debuggerRow.type).toBe(DEBUG_TYPE);
    expect(sorted(debuggerRow.languages)).toEqual(sorted(LANGUAGES));
    // noDebug is the protocol's own: VS Code sets it.
    expect(sorted([...Object.keys(properties), 'noDebug'])).toEqual(sorted(ATTRIBUTES));
    expect(ATTRIBUTES.length).toBeLessThanOrEqual(10);
    for (const [name, row] of Object.entries<Table>(properties)) expect(row, name).toHaveProperty('default');
    expect(sorted(contributes.breakpoints.map(({ language }: Table) => language))).toEqual(sorted(LANGUAGES));
  });

  it('have every text in package.nls.json, and none too many', () => {
    const used = texts({ contributes, capabilities }).flatMap((text) => /^%(.+)%$/.exec(text)?.[1] ?? []);
    expect(sorted([...new Set(used)])).toEqual(sorted(Object.keys(words)));
    const shown = [...contributes.commands, ...Object.values(settings)] as Table[];
    for (const { title, description, markdownDescription } of shown) {
      for (const text of [title, description, markdownDescription]) {
        if (typeof text === 'string') expect(text).toMatch(/^%.+%$/);
      }
    }
  });
});

describe('the conventions of VS Code', () => {
  it('are kept by commands: category, icon, title in title case', () => {
    const lower = new Set(['in', 'an', 'a', 'of', 'the', 'to', 'at']);
    for (const { category, icon, title } of contributes.commands as readonly Table[]) {
      expect(category).toBe('%category%');
      expect(icon).toMatch(/^\$\([a-z-]+\)$/);
      const text = words[String(title).slice(1, -1)] ?? '';
      for (const word of text.split(' ')) if (!lower.has(word)) expect(word).toMatch(/^[A-Z]/);
    }
  });

  it('are kept by menus: shown in context only, one icon in the editor title, one submenu elsewhere', () => {
    for (const [menu, rows] of Object.entries(menus)) {
      if (menu === 'vspLab.menu') continue;
      for (const { when } of rows) expect(when, menu).toBeTypeOf('string');
    }
    expect(sorted(menus['commandPalette']?.map(({ command }) => String(command)) ?? [])).toEqual(sorted(COMMANDS));
    expect(menus['editor/title']?.filter(({ group }) => String(group).startsWith('navigation'))).toHaveLength(1);
    for (const menu of ['editor/context', 'explorer/context']) {
      expect(menus[menu]?.map(({ submenu }) => submenu)).toEqual(['vspLab.menu']);
    }
    expect(menus['view/title']?.filter(({ when }) => !String(when).includes('&& vspLab.running'))).toHaveLength(3);
  });

  it('are kept by settings: few, described, ordered, scoped', () => {
    const rows = Object.entries(settings);
    expect(rows.length).toBeLessThanOrEqual(20);
    for (const [name, setting] of rows) {
      expect(setting, name).toMatchObject({
        markdownDescription: expect.any(String),
        order: expect.any(Number),
        scope: expect.stringMatching(/^(?:resource|machine)$/),
      });
      if (Array.isArray(setting['enum'])) {
        expect(setting['markdownEnumDescriptions'], name).toHaveLength(setting['enum'].length);
      }
    }
    const orders = rows.map(([, { order }]) => order);
    expect(new Set(orders).size).toBe(orders.length);
  });

  it('are kept by trust: what leads to code or out of the folder is restricted', () => {
    const { untrustedWorkspaces, virtualWorkspaces } = capabilities;
    expect(untrustedWorkspaces.supported).toBe('limited');
    expect(virtualWorkspaces.supported).toBe('limited');
    const pathLike = ['vspLab.includes', 'vspLab.defines', 'vspLab.nodePath'];
    expect(sorted(untrustedWorkspaces.restrictedConfigurations)).toEqual(sorted(pathLike));
    for (const { command, enablement } of contributes.commands as readonly Table[]) {
      if (String(command).startsWith('vspLab.run')) expect(enablement).toContain('isWorkspaceTrusted');
    }
  });

  it('are kept by activation: never at start-up', () => {
    expect(manifest.activationEvents).not.toContain('*');
    expect(manifest.activationEvents).not.toContain('onStartupFinished');
    expect(manifest.main).toBe('./dist/extension.cjs');
  });

  it('are kept by images: they are there', () => {
    const images = texts(contributes).filter((text) => text.startsWith('images/'));
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect(existsSync(image), image).toBe(true);
  });
});
