/** What is asked before callbacks are written: the structure, its members, and how. Enter three times takes the defaults. */
import { Disposable, type QuickInputButton, QuickInputButtons, type QuickPickItem, window } from 'vscode';
import type { FieldChoice } from '../core/scaffold/fields.js';
import { namesFor } from '../core/scaffold/names.js';
import type { ContextCandidate, ScaffoldOptions } from '../core/scaffold/request.js';

const TITLE = 'Generate Save/Restore Callbacks';

export interface ScaffoldAnswer {
  readonly context: string;
  readonly options: ScaffoldOptions;
  readonly preview: boolean;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

const BACK = Symbol('back');

/** Undefined when given up. `context` is chosen already. */
export async function askScaffold(
  candidates: readonly ContextCandidate[],
  context: string | undefined,
): Promise<ScaffoldAnswer | undefined> {
  const known = candidates.find((each) => each.name === context || each.tag === context);
  let step = known === undefined ? 1 : 2;
  let chosen = known;
  let fields: readonly FieldChoice[] | undefined;
  for (;;) {
    if (step === 1 || chosen === undefined) {
      const answer = await askContext(candidates);
      if (answer === undefined || answer === BACK) return undefined;
      chosen = answer;
      step = 2;
    } else if (step === 2) {
      const answer = await askFields(chosen, known === undefined);
      if (answer === undefined) return undefined;
      fields = answer === BACK ? undefined : answer;
      step = answer === BACK ? 1 : 3;
    } else {
      const answer = await askManner(chosen);
      if (answer === undefined) return undefined;
      if (answer !== BACK) {
        const paths = (fields ?? []).map(({ path }) => path);
        return { context: chosen.name, options: { ...answer.options, fields: paths }, preview: answer.preview };
      }
      step = 2;
    }
  }
}

interface ContextItem extends QuickPickItem {
  readonly candidate: ContextCandidate;
}

async function askContext(
  candidates: readonly ContextCandidate[],
): Promise<ContextCandidate | typeof BACK | undefined> {
  const items = candidates.map((candidate): ContextItem => {
    const saved = candidate.choices.filter(({ selected }) => selected).length;
    return {
      label: candidate.name,
      description: `${candidate.file}:${candidate.line}`,
      detail: `${candidate.size} bytes, ${saved} of ${candidate.choices.length} members saved unless you choose otherwise`,
      candidate,
    };
  });
  const picked = await pick(items, { step: 1, placeholder: 'The structure that packets have as their context' });
  return picked === BACK ? BACK : picked?.[0]?.candidate;
}

interface FieldItem extends QuickPickItem {
  readonly choice: FieldChoice;
}

async function askFields(
  candidate: ContextCandidate,
  canGoBack: boolean,
): Promise<readonly FieldChoice[] | typeof BACK | undefined> {
  const items = candidate.choices.map(
    (choice): FieldItem => ({
      label: choice.saved === undefined ? `$(circle-slash) ${choice.path}` : choice.path,
      description: choice.type,
      ...(choice.reason === '' ? {} : { detail: choice.reason }),
      picked: choice.selected,
      choice,
    }),
  );
  const picked = await pick(items, {
    step: 2,
    many: true,
    canGoBack,
    placeholder: `Members of ${candidate.name} to save`,
    refuses: ({ choice }) => choice.saved === undefined,
  });
  return picked === BACK || picked === undefined ? picked : picked.map(({ choice }) => choice);
}

interface Manner {
  readonly options: Writable<ScaffoldOptions>;
  preview: boolean;
}

interface MannerItem extends QuickPickItem {
  /** Changes the manner; absent: write. */
  readonly change?: (manner: Manner) => Promise<void> | void;
}

async function askManner(candidate: ContextCandidate): Promise<Manner | typeof BACK | undefined> {
  const manner: Manner = { options: {}, preview: false };
  for (;;) {
    const picked = await pick(mannerItems(candidate, manner), {
      step: 3,
      canGoBack: true,
      placeholder: 'Write, or change how',
    });
    if (picked === undefined || picked === BACK) return picked;
    const change = picked[0]?.change;
    if (change === undefined) return manner;
    await change(manner);
  }
}

function mannerItems(candidate: ContextCandidate, { options, preview }: Manner): readonly MannerItem[] {
  const names = namesFor(candidate.name);
  const name = (key: 'save' | 'restore' | 'record', label: string): MannerItem => ({
    label: `${label}: ${options[key] ?? names[key]}`,
    change: async (manner) => {
      const value = await askName(label, options[key] ?? names[key]);
      if (value !== undefined) manner.options[key] = value;
    },
  });
  const style = { direct: 'called directly', interface: 'through an interface table' };
  return [
    {
      label: '$(check) Write the callbacks',
      detail: preview ? 'Shows the changes first: check those to make, then Apply' : 'One undo takes everything back',
    },
    {
      label: `Functions of KMCL: ${options.style === undefined ? 'as the file calls them' : style[options.style]}`,
      change: (manner) => {
        manner.options.style = options.style === 'direct' ? 'interface' : 'direct';
      },
    },
    {
      label: `Layout of the record: ${options.packing ?? 'natural'}`,
      detail: 'Natural: members at multiples of their size, gaps explicit. Packed: one behind the other.',
      change: (manner) => {
        manner.options.packing = options.packing === 'packed' ? 'natural' : 'packed';
      },
    },
    name('save', 'Save callback'),
    name('restore', 'Restore callback'),
    name('record', 'Record'),
    {
      label: `Preview: ${preview ? 'yes' : 'no'}`,
      change: (manner) => {
        manner.preview = !preview;
      },
    },
  ];
}

function askName(title: string, value: string): Thenable<string | undefined> {
  const validateInput = (text: string): string | undefined =>
    /^[A-Za-z_]\w*$/.test(text) ? undefined : `${text === '' ? 'Nothing' : text} is not a name in C.`;
  return window.showInputBox({ title, value, validateInput, ignoreFocusOut: true });
}

interface PickOptions<Item> {
  readonly step: number;
  readonly placeholder: string;
  readonly many?: boolean;
  readonly canGoBack?: boolean;
  /** Items that cannot be chosen. */
  readonly refuses?: (item: Item) => boolean;
}

/** Undefined when given up, BACK for one step back. */
function pick<Item extends QuickPickItem>(
  items: readonly Item[],
  { step, placeholder, many = false, canGoBack = false, refuses }: PickOptions<Item>,
): Promise<readonly Item[] | typeof BACK | undefined> {
  const input = window.createQuickPick<Item>();
  input.title = TITLE;
  input.step = step;
  input.totalSteps = 3;
  input.placeholder = placeholder;
  input.canSelectMany = many;
  input.matchOnDescription = true;
  input.matchOnDetail = true;
  input.ignoreFocusOut = true;
  input.items = items;
  if (many) input.selectedItems = items.filter(({ picked }) => picked === true);
  if (canGoBack) input.buttons = [QuickInputButtons.Back];
  return new Promise((resolve) => {
    const end = (answer: readonly Item[] | typeof BACK | undefined): void => {
      resolve(answer);
      store.dispose();
    };
    const store = Disposable.from(
      input,
      // A click selects an item without making it the active one.
      input.onDidAccept(() => {
        const { selectedItems, activeItems } = input;
        end([...(many || selectedItems.length > 0 ? selectedItems : activeItems)]);
      }),
      input.onDidTriggerButton((button: QuickInputButton) => {
        if (button === QuickInputButtons.Back) end(BACK);
      }),
      input.onDidChangeSelection((selected) => {
        const allowed = selected.filter((item) => refuses?.(item) !== true);
        if (many && allowed.length < selected.length) input.selectedItems = allowed;
      }),
      input.onDidHide(() => end(undefined)),
    );
    input.show();
  });
}
