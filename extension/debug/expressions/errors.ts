/** What is wrong with an expression: one sentence that names the token, and where in the text it stands. */
export class ExpressionError extends Error {
  /** Offset of the token in the expression's text. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Thrown by a Memory for addresses that hold nothing. */
export class MemoryError extends Error {
  readonly address: number;

  constructor(message: string, address: number) {
    super(message);
    this.address = address;
  }
}
