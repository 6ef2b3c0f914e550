/** What a hover says, as Markdown: short paragraphs, the rules at the end. */

import type { RecordLayout } from '../../run/report.js';
import { CALLBACKS, callbackParameters, type NameFacts, spellings } from '../facts/index.js';
import type { CallbackFacts, CallbackRole, FunctionFacts, ParameterFacts } from '../facts/types.js';

export interface HoverStyle {
  /** Without it what other extensions say of a name is left to them: its declaration. */
  readonly declaration: boolean;
  /** A link to the page of a rule. */
  readonly rule: (id: string) => string;
}

/** What a run measured of a callback. */
export interface Measured {
  /** `32 packets · 48–1,560 B · 2 findings`. */
  readonly figures: string;
  /** `48–1,560 B`. */
  readonly sizes: string;
  readonly stale: boolean;
  readonly findings: readonly { readonly rule: string; readonly message: string; readonly line: number }[];
}

const BASIS: Readonly<Record<FunctionFacts['irqlBasis'], string>> = {
  documented: '',
  inferred: ' (not documented: what its work allows)',
  unknown: '',
};
/** More findings than that are for the list of problems. */
const MOST_FINDINGS = 5;

/** Of a name of KMCL; for a callback type its plain or Ex form. */
export function nameHover(known: NameFacts, name: string, style: HoverStyle): string {
  switch (known.kind) {
    case 'function':
      return functionHover(known.facts, style);
    case 'callback':
      return typeHover(known, name, style);
    case 'flag': {
      const { value, summary, usedWith, rules } = known.facts;
      const used = usedWith.map(([function_]) => code(function_));
      return paragraphs([
        style.declaration ? block(`#define ${name} ${value}`) : '',
        summary,
        used.length === 0 ? '' : `**Used with** ${used.join(', ')}`,
        rulesLine(rules, style),
      ]);
    }
    case 'status': {
      const { value, severity, summary, trap } = known.facts;
      return paragraphs([
        style.declaration ? block(`#define ${name} ((NTSTATUS)${value})`) : '',
        summary,
        `**Severity** ${severity}: \`NT_SUCCESS\` is ${severity === 'success' || severity === 'informational'}.`,
        trap === undefined ? '' : `**Beware** ${trap}`,
      ]);
    }
    case 'type':
      return paragraphs([style.declaration ? block(known.facts.declaration) : '', known.facts.summary]);
  }
}

function functionHover(facts: FunctionFacts, style: HoverStyle): string {
  const { irql, irqlBasis, states, endpoint, since, statuses, rules, summary } = facts;
  const where = [
    `**IRQL** ${irql}${BASIS[irqlBasis]}`,
    `**When** ${states}`,
    endpoint === 'both' ? '' : `**Only** on a ${endpoint} channel`,
    since === undefined
      ? ''
      : `**Since** ${/^V\d$/.test(since) ? `interface version ${since.slice(1)}` : `release ${since}`}`,
  ];
  return paragraphs([
    style.declaration ? block(declarationOf(facts)) : '',
    summary,
    where.filter((part) => part !== '').join('  \n'),
    statuses.length === 0 ? '' : `**Answers** ${statuses.map(code).join(', ')}`,
    rulesLine(rules, style),
  ]);
}

function typeHover(
  { facts, ex, pointer }: Extract<NameFacts, { kind: 'callback' }>,
  name: string,
  style: HoverStyle,
): string {
  const parameters = callbackParameters(facts, ex);
  const declaration = pointer
    ? `typedef ${name.replace('PFN_', 'EVT_')} *${name};`
    : declarationOf({ name, returns: facts.returns, parameters });
  return paragraphs([style.declaration ? block(declaration) : '', ...dutiesOf(facts), rulesLine(facts.rules, style)]);
}

function dutiesOf({ calledWhen, must, mustNot, irql, statuses }: CallbackFacts): readonly string[] {
  return [
    `**Called when** ${lowerFirst(calledWhen)}`,
    `**Must** ${lowerFirst(must)}`,
    `**Must not** ${lowerFirst(mustNot)}`,
    `**IRQL** ${irql}${statuses.length === 0 ? '' : `  \n**Returns** ${statuses.map(code).join(', ')}`}`,
  ];
}

export function callbackHover(
  role: CallbackRole,
  name: string,
  measured: Measured | undefined,
  style: HoverStyle,
): string {
  const facts = factsOfRole(role);
  const findings = measured?.findings ?? [];
  const shown = findings
    .slice(0, MOST_FINDINGS)
    .map(({ rule, message, line }) => `- line ${line}: ${escaped(firstLine(message))} (${style.rule(rule)})`);
  const more = findings.length - shown.length;
  return paragraphs([
    `\`${name}\` is an \`${facts.name}\`.`,
    measured === undefined
      ? ''
      : `**Last run** ${measured.figures}${measured.stale ? ' · edited since' : ''}${
          shown.length === 0 ? '' : `\n\n${shown.join('\n')}`
        }${more > 0 ? `\n- and ${more} more` : ''}`,
    ...dutiesOf(facts),
  ]);
}

/** Of a parameter of a callback, by its place: what it is called there is the driver's affair. */
export function parameterHover(
  place: { readonly role: CallbackRole; readonly ex: boolean; readonly index: number },
  name: string,
  measured: Measured | undefined,
): string | undefined {
  const facts = factsOfRole(place.role);
  const parameter = callbackParameters(facts, place.ex)[place.index];
  if (parameter === undefined) return undefined;
  const called = parameter.name === name ? '' : ` (\`${parameter.name}\` of ${code(facts.name)})`;
  const isSize = place.role === 'save' && parameter.name !== 'Channel' && parameter.name !== 'Packet';
  return paragraphs([
    `\`${name}\`${called}: ${lowerFirst(parameter.text)}.`.replace(/\.\.$/, '.'),
    isSize && measured !== undefined && measured.sizes !== ''
      ? `**Last run** ${measured.sizes} a packet${measured.stale ? ' · edited since' : ''}`
      : '',
  ]);
}

/** More fields than that are for the view. */
const MOST_FIELDS = 16;

/** Of a record that a run has seen saved, or of a field of it: as the compiler laid it out (x64, as MSVC does). */
export function recordHover({ name, size, fields }: RecordLayout, field: string | undefined): string | undefined {
  if (field === undefined) {
    const rows = fields.slice(0, MOST_FIELDS).map((each) => {
      const what = each.type === '' ? '*padding*' : `${code(each.name)} ${code(each.type)}`;
      return `| ${bytesOf(each)} | ${what} |`;
    });
    const more = fields.length - rows.length;
    const table = ['| bytes | field |', '| --- | --- |', ...rows].join('\n');
    return paragraphs([
      `**Saved record** ${code(name)}, ${size} bytes on x64`,
      table,
      more > 0 ? `and ${more} more in Packet Buffers` : '',
    ]);
  }
  const parts = fields.filter(
    (each) =>
      each.type !== '' &&
      (each.name === field || each.name.startsWith(`${field}.`) || each.name.startsWith(`${field}[`)),
  );
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const bytes = bytesOf({ offset: first.offset, size: last.offset + last.size - first.offset });
  return `**Saved** as bytes ${bytes} of ${code(name)} on x64`;
}

function bytesOf({ offset, size }: { readonly offset: number; readonly size: number }): string {
  return size === 1 ? `${offset}` : `${offset}–${offset + size - 1}`;
}

export function factsOfRole(role: CallbackRole): CallbackFacts {
  const found = CALLBACKS.find((facts) => facts.role === role);
  if (found === undefined) throw new Error(`no callback has the role ${role}`);
  return found;
}

/** The type a callback of this role has. */
export function typeNameOf(role: CallbackRole, ex: boolean): string {
  const facts = factsOfRole(role);
  return spellings(facts).find((each) => each.ex === ex && !each.pointer)?.name ?? facts.name;
}

/** `NTSTATUS Name(\n    VMBCHANNEL Channel)`, on one line where it is short. */
export function declarationOf({
  name,
  returns,
  parameters,
}: {
  readonly name: string;
  readonly returns: string;
  readonly parameters: readonly ParameterFacts[];
}): string {
  const spelled = parameters.map(parameterLabel);
  if (spelled.length === 0) return `${returns} ${name}(VOID);`;
  const line = `${returns} ${name}(${spelled.join(', ')});`;
  return line.length <= 80 ? line : `${returns} ${name}(\n    ${spelled.join(',\n    ')});`;
}

/** `PMDL *Mdl`. */
export function parameterLabel({ type, name }: ParameterFacts): string {
  return type.endsWith('*') ? `${type}${name}` : `${type} ${name}`;
}

function rulesLine(rules: readonly string[], { rule }: HoverStyle): string {
  return rules.length === 0 ? '' : `**Rules** ${rules.map(rule).join(', ')}`;
}

function paragraphs(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

const code = (text: string): string => `\`${text}\``;
const block = (text: string): string => `\`\`\`c\n${text}\n\`\`\``;
const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** Names and acronyms stay as they are. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]*(?:[\s,:;]|$)/.test(text) && !/^(?:Vmb|Nothing is)/.test(text)
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}

/** Names of the driver in a message are no Markdown. */
export function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>]/g, '\\$&');
}
