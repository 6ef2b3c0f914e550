/** Lines and columns as the client counts them. Ours count from 1. */
export class Positions {
  #firstLine = 1;
  #firstColumn = 1;

  initialize(linesStartAt1: boolean, columnsStartAt1: boolean): void {
    this.#firstLine = linesStartAt1 ? 1 : 0;
    this.#firstColumn = columnsStartAt1 ? 1 : 0;
  }

  line(ours: number): number {
    return ours - 1 + this.#firstLine;
  }

  column(ours: number): number {
    return ours - 1 + this.#firstColumn;
  }

  lineOf(theirs: number): number {
    return theirs + 1 - this.#firstLine;
  }

  columnOf(theirs: number): number {
    return theirs + 1 - this.#firstColumn;
  }
}
