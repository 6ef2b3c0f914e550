/** A request that is answered with an error the user should read. */

/** Numbers tell kinds of errors apart; clients show the text. */
export const FAILURE = {
  launch: 1,
  state: 2,
  breakpoint: 3,
  value: 4,
  memory: 5,
  unknown: 6,
  internal: 7,
} as const;

export class RequestFailure extends Error {
  readonly id: number;
  /** A dialog is due: nothing else shows it. */
  readonly showUser: boolean;

  constructor(kind: keyof typeof FAILURE, message: string, showUser = false) {
    super(message);
    this.id = FAILURE[kind];
    this.showUser = showUser;
  }
}
