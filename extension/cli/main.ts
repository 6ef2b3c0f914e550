/** `vsp-lab`: finds the command, turns what it throws into one clear line and an exit status. */

import { closest } from '../core/base/closest.js';
import { checkCommand } from './check.js';
import { dapCommand } from './dap.js';
import { explain } from './explain.js';
import { COMMANDS, type CommandRow, commandHelp, mainHelp } from './help.js';
import { type CliHost, CommandError, EXIT, say } from './host.js';
import { runCommand } from './run.js';
import { scaffoldCommand } from './scaffold.js';
import { productVersion } from './version.js';

/** Is the option among the words before `--`? */
function asked(words: readonly string[], ...spellings: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).some((word) => spellings.includes(word));
}

function unknownCommand(name: string): CommandError {
  const guess = closest(
    name,
    COMMANDS.map((row) => row.name),
  );
  const hint = guess === undefined ? 'vsp-lab --help lists them' : `did you mean ${guess}?`;
  return new CommandError(`there is no command ${name} (${hint})`);
}

async function dispatch(words: readonly string[], host: CliHost): Promise<number> {
  const [name, ...rest] = words;
  if (asked(words, '--version')) {
    host.stdout.write(`${productVersion()}\n`);
    return EXIT.fine;
  }
  if (name === undefined || name.startsWith('-')) {
    if (name !== undefined && !asked(words, '--help', '-h'))
      throw new CommandError(`the command is missing before ${name} (vsp-lab --help)`);
    (name === undefined ? host.stderr : host.stdout).write(mainHelp());
    return name === undefined ? EXIT.unable : EXIT.fine;
  }
  if (name === 'help') {
    host.stdout.write(rest[0] === undefined ? mainHelp() : commandHelp(rest[0]));
    return EXIT.fine;
  }
  const row: CommandRow | undefined = COMMANDS.find((each) => each.name === name);
  if (row === undefined) throw unknownCommand(name);
  if (asked(rest, '--help', '-h')) {
    host.stdout.write(commandHelp(name));
    return EXIT.fine;
  }
  if (row.later) throw new CommandError(`${name} is not there yet: it comes in a later version`);
  if (name === 'explain') {
    host.stdout.write(explain(rest));
    return EXIT.fine;
  }
  if (name === 'dap') return dapCommand(rest, host, process.stdin);
  if (name === 'scaffold') return scaffoldCommand(rest, host);
  return name === 'check' ? checkCommand(rest, host) : runCommand(rest, host);
}

/** Runs one command line; answers the exit status and never throws. */
export async function main(words: readonly string[], host: CliHost): Promise<number> {
  try {
    return await dispatch(words, host);
  } catch (error) {
    if (host.signal.aborted) return EXIT.interrupted;
    if (error instanceof CommandError) {
      for (const line of error.message.split('\n')) say(host, `vsp-lab: ${line}`);
      return EXIT.unable;
    }
    const detail = error instanceof Error ? error : new Error(String(error));
    const shown = host.environment['VSPLAB_DEBUG'] ? (detail.stack ?? detail.message) : detail.message;
    say(host, `vsp-lab: ${shown}`);
    return EXIT.unable;
  }
}

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.once('SIGTERM', () => interrupt.abort());
for (const stream of [process.stdout, process.stderr]) {
  // A reader that has gone (`| head`) is no error of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
process.exitCode = await main(process.argv.slice(2), {
  cwd: process.cwd(),
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupt.signal,
});
