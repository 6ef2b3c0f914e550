import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parserForTests } from '../../../worker/grammars.testing.js';
import { findRule, RULES } from '../../rules/catalogue.js';
import { declared, spelledType, textOf, writtenType } from '../tree/declarators.js';
import type { FoundParameter, WrittenType } from '../tree/found.js';
import { parametersOf } from '../tree/items.js';
import { SourceTree } from '../tree/sourceTree.js';
import { CALLBACKS, callbackParameters, FLAGS, FUNCTIONS, factsOf, STATUSES, spellings, TYPES } from './index.js';

const header = (name: string): string => readFileSync(`extension/core/wdk/include/${name}`, 'utf8');
const FUNCTION_HEADER = header('vmbkmclfunctions.h');
const MAIN_HEADER = header('vmbuskernelmodeclientlibapi.h');

interface Declared {
  readonly returns: string;
  readonly parameters: readonly string[];
}

const spelled = (type: WrittenType): string => spelledType(type).replace(/^(const )?void\b/, '$1VOID');
const spelledParameter = ({ name, type }: FoundParameter): string => `${spelled(type)} ${name ?? ''}`;

/** Function types of a header by name. */
async function functionTypes(text: string): Promise<ReadonlyMap<string, Declared>> {
  const tree = new SourceTree(await parserForTests('c'), text);
  const found = new Map<string, Declared>();
  for (const node of tree.root.descendantsOfType(['type_definition'])) {
    for (const declarator of node.childrenForFieldName('declarator')) {
      const { name, parameters, pointers } = declared(declarator, tree.code);
      if (name === undefined || parameters === undefined) continue;
      found.set(textOf(name, tree.code), {
        returns: spelled(writtenType(node, pointers, tree.code)),
        parameters: parametersOf(parameters, tree.code).map(spelledParameter),
      });
    }
  }
  return found;
}

const shown = (parameters: readonly { readonly type: string; readonly name: string }[]): readonly string[] =>
  parameters.map(({ type, name }) => `${type.replace(/ (\*+)$/, '$1')} ${name}`);

let functions: ReadonlyMap<string, Declared>;
let callbacks: ReadonlyMap<string, Declared>;
/** Function types by the functions of them. */
let typeOf: ReadonlyMap<string, string>;

beforeAll(async () => {
  functions = await functionTypes(FUNCTION_HEADER);
  callbacks = await functionTypes(MAIN_HEADER);
  const tree = new SourceTree(await parserForTests('c'), FUNCTION_HEADER);
  typeOf = new Map(
    tree.declarations().flatMap(({ type, names }) => names.map(({ name }) => [name, type.name] as const)),
  );
});

describe('the facts of functions', () => {
  it('are of all 74, in the order of the documentation, and of no other', () => {
    expect(FUNCTIONS.map(({ number }) => number)).toEqual(Array.from({ length: 74 }, (_, index) => index + 1));
    expect(FUNCTIONS.map(({ name }) => name).sort()).toEqual([...typeOf.keys()].sort());
  });

  it.each(FUNCTIONS)('$name has the signature of the header', ({ name, returns, parameters }) => {
    expect({ returns, parameters: shown(parameters) }).toEqual(functions.get(typeOf.get(name) ?? ''));
  });

  it.each(FUNCTIONS)(
    '$name has the IRQL of the header where the documentation tells one',
    ({ name, irql, irqlBasis }) => {
      const type = typeOf.get(name) ?? '';
      const before = FUNCTION_HEADER.slice(0, FUNCTION_HEADER.indexOf(` ${type}(`));
      const annotation = before.slice(before.lastIndexOf(';') + 1);
      if (irqlBasis === 'unknown') expect(annotation).not.toContain('_IRQL_requires_(');
      else if (annotation.includes('_IRQL_requires_(')) expect(irql).toContain('PASSIVE_LEVEL');
      else expect(irql).toMatch(/DISPATCH_LEVEL|PASSIVE_LEVEL/);
    },
  );

  it('say something of their own about each', () => {
    const summaries = FUNCTIONS.map(({ summary }) => summary);
    expect(new Set(summaries).size).toBe(summaries.length);
    expect(summaries.filter((summary) => !/^[A-Z].*\.$/s.test(summary))).toEqual([]);
  });
});

describe('the facts of callbacks', () => {
  it('are of all function types of the header, and of no other', () => {
    const names = CALLBACKS.flatMap(spellings).flatMap(({ name, pointer }) => (pointer ? [] : [name]));
    expect(names.sort()).toEqual([...callbacks.keys()].sort());
    for (const { name, pointer } of CALLBACKS.flatMap(spellings)) {
      if (pointer) expect(MAIN_HEADER).toContain(`*${name};`);
    }
  });

  it.each(CALLBACKS)('$name has the signature of the header, plain and Ex', (facts) => {
    for (const { name, ex, pointer } of spellings(facts)) {
      if (pointer) continue;
      expect({ returns: facts.returns, parameters: shown(callbackParameters(facts, ex)) }).toEqual(callbacks.get(name));
      const before = MAIN_HEADER.slice(0, MAIN_HEADER.indexOf(` ${name}(`));
      const requires = /_IRQL_requires_(max_)?\((\w+)\)\s+typedef[^;]*$/.exec(before);
      expect(facts.irql).toContain(requires?.[2] ?? 'an annotation');
      expect(facts.irql.startsWith('at most')).toBe(requires?.[1] !== undefined);
    }
  });
});

describe('the facts of flags', () => {
  const defined = [...MAIN_HEADER.matchAll(/^#define (VMBUS_\w+)((?:[^\n]*\\\n)*[^\n]*)/gm)].map(([, name, value]) => ({
    name: name ?? '',
    value: (value ?? '').replace(/[\\\s]+/g, ' ').trim(),
  }));

  it('are of all the header defines, and of no other', () => {
    expect(FLAGS.map(({ name }) => name).sort()).toEqual(defined.map(({ name }) => name).sort());
  });

  it.each(FLAGS)('$name has the value of the header', ({ name, value, mask }) => {
    const written = defined.find((each) => each.name === name)?.value ?? '';
    if (!mask) {
      expect(written).toBe(value);
      return;
    }
    const parts = written.replace(/[()]/g, '').split(' | ');
    const bits = parts.map((part) => Number(FLAGS.find((each) => each.name === part)?.value));
    expect(bits.reduce((all, bit) => all | bit, 0)).toBe(Number(value));
  });

  it('name operands that are flags', () => {
    for (const { usedWith } of FLAGS) {
      for (const [name, operand] of usedWith) {
        const facts = factsOf(name);
        expect(facts?.kind === 'function' && facts.facts.parameters[operand]?.name).toBe('Flags');
      }
    }
  });
});

describe('the facts of statuses', () => {
  it.each(STATUSES)('$name has the value and severity of the header', ({ name, value, severity }) => {
    const line = new RegExp(`^#define ${name}\\s+\\(\\(NTSTATUS\\)(0x[0-9A-Fa-f]{8})`, 'm').exec(header('ntstatus.h'));
    expect(line?.[1]?.toUpperCase()).toBe(value.toUpperCase());
    expect(['success', 'informational', 'warning', 'error'][Number(value) >>> 30]).toBe(severity);
  });

  it('are there for every status that functions and callbacks name', () => {
    const named = [...FUNCTIONS, ...CALLBACKS].flatMap(({ statuses }) => statuses);
    expect(named.filter((name) => !STATUSES.some((status) => status.name === name))).toEqual([]);
  });
});

describe('the facts of handles and structures', () => {
  it('are of those the header declares', () => {
    const handles = [...MAIN_HEADER.matchAll(/DECLARE_HANDLE\((\w+)\)/g)].map(([, name]) => name);
    const structures = [...MAIN_HEADER.matchAll(/typedef struct _(\w+)/g)].map(([, name]) => name);
    expect(TYPES.map(({ name }) => name)).toEqual([...handles, ...structures]);
  });
});

describe('the rules in the facts', () => {
  it('are rules of the catalogue, each named once per entry', () => {
    for (const { name, rules } of [...FUNCTIONS, ...CALLBACKS, ...FLAGS]) {
      expect(rules.filter((rule) => findRule(rule) === undefined)).toEqual([]);
      expect(new Set(rules).size, name).toBe(rules.length);
    }
  });

  it('are all the rules about calls and callbacks of KMCL', () => {
    const named = new Set<string>([...FUNCTIONS, ...CALLBACKS, ...FLAGS].flatMap(({ rules }) => rules));
    const groups = new Set(['configuration', 'state', 'incoming', 'outgoing', 'gpadl', 'save', 'restore']);
    // The interface query is a PnP request, and references are the driver's own affair.
    const aside = new Set(['iface-query-size-version', 'iface-dereference', 'in-ref-balance']);
    const missing = RULES.filter(({ id, group }) => groups.has(group) && !named.has(id) && !aside.has(id));
    expect(missing.map(({ id }) => id)).toEqual([]);
  });
});
