/** What a command may use of the process: tests hand in their own. */
export interface CliHost {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by Ctrl-C: end soon, leave nothing behind. */
  readonly signal: AbortSignal;
}

/** Exit statuses (interfaces section 2). */
export const EXIT = { fine: 0, failed: 1, unable: 2, interrupted: 130 } as const;

/** Something the user has to mend: its message goes to stderr, the status is 2. */
export class CommandError extends Error {}

/** A line for the person in front of the terminal. */
export function say(host: CliHost, text: string): void {
  host.stderr.write(`${text}\n`);
}
