/** Answers the line (from 1) of a position in the text, for positions that only grow. */
export function lineCounter(text: string): (position: number) => number {
  let line = 1;
  let from = 0;
  return (position) => {
    for (let at = text.indexOf('\n', from); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) {
      line += 1;
    }
    from = position;
    return line;
  };
}
