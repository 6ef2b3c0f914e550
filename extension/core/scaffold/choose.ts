/** Which structure, and which of its members: what was asked for against what there is. */
import type { FieldChoice } from './fields.js';
import type { ContextCandidate, ContextFacts } from './request.js';

export type Chosen<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** The candidate of a name: as C spells it, by its tag or by a pointer's typedef. */
export function chooseContext(facts: ContextFacts, name: string, file: string): Chosen<ContextCandidate> {
  const wanted = name.trim().replace(/^struct\s+/, '');
  const fits = facts.candidates.filter(
    (each) =>
      each.name.replace(/^struct\s+/, '') === wanted ||
      each.tag === wanted ||
      each.pointerName === wanted ||
      each.name.replace(/^.*::/, '') === wanted,
  );
  const [first] = fits;
  if (first !== undefined) {
    return first.isClass
      ? no(
          `${first.name} has base classes or virtual functions: no zeroed memory is one, so its callbacks have to be written by hand`,
        )
      : { ok: true, value: first };
  }
  if (facts.declaredOnly.includes(wanted) || facts.declaredOnly.includes(`_${wanted}`)) {
    return no(`${wanted} is only declared in ${file}: its members are not known; include the header that defines it`);
  }
  const [problem] = facts.problems;
  const also = problem === undefined ? '' : `; what does not compile may hide it: ${problem}`;
  const names = facts.candidates.map((each) => each.name.replace(/^struct\s+/, ''));
  const there =
    names.length === 0 ? 'there is no structure' : `there ${names.length === 1 ? 'is' : 'are'} ${list(names, 12)}`;
  return no(`no structure ${wanted} in ${file} or its headers: ${there}${also}`);
}

/** Members to save, in the order of the context; lengths of chosen tails are among them. */
export function chooseFields(
  context: ContextCandidate,
  fields: readonly string[] | undefined,
): Chosen<readonly FieldChoice[]> {
  const { choices } = context;
  const chosen = new Set<FieldChoice>();
  if (fields === undefined) {
    for (const choice of choices) if (choice.selected) chosen.add(choice);
  }
  for (const field of fields ?? []) {
    const fits = choices.filter(({ path }) => path === field);
    const below = choices.filter(({ path, selected }) => selected && path.startsWith(`${field}.`));
    if (fits.length === 0 && below.length === 0) {
      return no(
        `${context.name} has no member ${field}: it has ${list(
          choices.map(({ path }) => path),
          20,
        )}`,
      );
    }
    const [refused] = fits.filter(({ saved }) => saved === undefined);
    if (refused !== undefined) return no(`${field} cannot be saved: ${refused.reason}`);
    for (const choice of [...fits, ...below]) chosen.add(choice);
  }
  for (const { saved } of [...chosen]) {
    const length = saved?.kind === 'tail' ? choices.find(({ path }) => path === saved.length) : undefined;
    if (length?.saved !== undefined) chosen.add(length);
  }
  const value = choices.filter((choice) => chosen.has(choice) && choice.saved !== undefined);
  if (value.length > 0) return { ok: true, value };
  const why = choices.map(({ path, reason }) => `${path} (${reason === '' ? 'not chosen' : reason})`);
  return no(
    choices.length === 0
      ? `${context.name} has no members: there is nothing to save`
      : `nothing of ${context.name} is left to save: ${list(why, 8)}`,
  );
}

function list(texts: readonly string[], most: number): string {
  const shown = texts.slice(0, most);
  return `${shown.join(', ')}${texts.length > most ? ` and ${texts.length - most} more` : ''}`;
}

function no(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
