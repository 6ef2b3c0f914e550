/** `vsp-lab scaffold`: writes the callbacks for a context structure, or says why not and changes nothing. */
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { baseName, folderOf, joinPath, relativePath } from '../core/run/paths.js';
import { chooseContext } from '../core/scaffold/choose.js';
import type { ScaffoldLanguage, ScaffoldStyle } from '../core/scaffold/model.js';
import type { Packing } from '../core/scaffold/record.js';
import { applyEdits, type ScaffoldOptions, siblingsOf } from '../core/scaffold/request.js';
import { languageOfSource, scaffold } from '../core/scaffold/scaffold.js';
import { decodeText, encodeText } from '../core/scaffold/textFile.js';
import { cacheFolder } from '../worker/diskCache.js';
import { Engine } from '../worker/engine.js';
import { macros, SettingError } from '../worker/engineSettings.js';
import { slashed } from '../worker/projectFiles.js';
import { type CliHost, CommandError, EXIT, say } from './host.js';
import { type ParsedOptions, parseOptions } from './options.js';
import { folders } from './runSettings.js';
import { SCAFFOLD_OPTIONS } from './scaffoldOptions.js';
import { writeBoth } from './writeBoth.js';

/** Answers the exit status; throws CommandError for what the user has to mend. */
export async function scaffoldCommand(words: readonly string[], host: CliHost): Promise<number> {
  const parsed = parseOptions(words, SCAFFOLD_OPTIONS);
  if (!parsed.ok) throw new CommandError(parsed.message);
  const { options } = parsed;
  const [operand] = options.operands;
  if (operand !== undefined)
    throw new CommandError(`scaffold takes no ${operand}: give the source as --file ${operand}`);
  const cwd = slashed(host.cwd);
  const file = joinPath(cwd, slashed(required(options, 'file')));
  const name = required(options, 'context');
  const bytes = read(file, cwd);
  const engine = new Engine({ cacheFolder: cacheFolder(), jobs: 1 });
  try {
    const facts = await factsOf(engine, file, options, cwd, host.signal);
    if (host.signal.aborted) return EXIT.interrupted;
    const context = chooseContext(facts, name, relativePath(cwd, file));
    if (!context.ok) throw new CommandError(context.message);
    const source = decodeText(bytes);
    const folder = folderOf(file);
    const result = scaffold({
      ...scaffoldOptions(options),
      fileName: baseName(file),
      text: source.text,
      context: context.value,
      facts,
      siblings: siblingsOf(readdirSync(folder), (each) => readFileSync(joinPath(folder, each))),
    });
    if (!result.ok) throw new CommandError(result.message);
    const written = encodeText(source, applyEdits(source.text, result.edits));
    const fixture =
      result.fixture === undefined
        ? undefined
        : { path: joinPath(folder, result.fixture.name), text: result.fixture.text };
    writeBoth({ path: file, before: bytes, after: written }, fixture, (path) => relativePath(cwd, path));
    host.stdout.write(`${relativePath(cwd, file)}: ${result.written.join(', ')}\n`);
    if (fixture !== undefined) host.stdout.write(`${relativePath(cwd, fixture.path)}: tests\n`);
    for (const note of result.notes) say(host, `vsp-lab: ${note}`);
    return EXIT.fine;
  } finally {
    await engine.dispose();
  }
}

function required(options: ParsedOptions, name: 'file' | 'context'): string {
  const value = options.texts.get(name);
  const what = name === 'file' ? 'F (the source to write into)' : "STRUCT (the structure that is a packet's context)";
  if (value === undefined) throw new CommandError(`scaffold needs --${name} ${what}`);
  return value;
}

function scaffoldOptions({ texts, lists }: ParsedOptions): ScaffoldOptions {
  const fields = lists
    .get('fields')
    ?.flatMap((list) => list.split(','))
    .map((field) => field.trim())
    .filter((field) => field !== '');
  const text = (name: 'save' | 'restore' | 'record'): { readonly [Name in typeof name]?: string } => {
    const value = texts.get(name);
    if (value === undefined) return {};
    if (!/^[A-Za-z_]\w*$/.test(value)) throw new CommandError(`--${name} ${value}: not a name in C`);
    return { [name]: value };
  };
  const style = texts.get('style') as ScaffoldStyle | undefined;
  const language = texts.get('language') as ScaffoldLanguage | undefined;
  const packing = texts.get('layout') as Packing | undefined;
  return {
    ...(fields === undefined ? {} : { fields }),
    ...(style === undefined ? {} : { style }),
    ...(language === undefined ? {} : { language }),
    ...(packing === undefined ? {} : { packing }),
    ...text('save'),
    ...text('restore'),
    ...text('record'),
  };
}

/** The source, if it is there and may be written. */
function read(file: string, cwd: string): Uint8Array {
  const shown = relativePath(cwd, file);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new CommandError(`--file ${shown}: no such file`);
  if (!stat.isFile()) throw new CommandError(`--file ${shown}: not a file`);
  if (languageOfSource(baseName(file)) === undefined) {
    throw new CommandError(`--file ${shown}: callbacks are written into a C or C++ source (.c, .cpp, .cc, .cxx)`);
  }
  try {
    accessSync(file, constants.W_OK);
  } catch {
    throw new CommandError(`--file ${shown}: the file is read-only; nothing is written`);
  }
  if ((stat.mode & 0o222) === 0) throw new CommandError(`--file ${shown}: the file is read-only; nothing is written`);
  return readFileSync(file);
}

async function factsOf(engine: Engine, file: string, options: ParsedOptions, cwd: string, signal: AbortSignal) {
  try {
    const defines = macros(options.lists.get('define') ?? []);
    const includes = folders(options.lists.get('include') ?? [], cwd);
    const answer = await engine.contexts(
      {
        file,
        options: { optimize: 0, checked: false, arch: 'x64', defines, includes },
        cwd,
        workspaceRoots: [],
        overlays: [],
      },
      signal,
    );
    if (!answer.ok) throw new CommandError(answer.message);
    if (answer.facts === undefined) throw new CommandError(`--file ${relativePath(cwd, file)}: no such file`);
    return answer.facts;
  } catch (error) {
    throw error instanceof SettingError ? new CommandError(error.message) : error;
  }
}
