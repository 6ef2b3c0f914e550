/** Icons out of the codicon font (`codicon.csv` of its package has the code points). */

export const codePoints = {
  'arrow-down': 0xea9a,
  'arrow-left': 0xea9b,
  'arrow-right': 0xea9c,
  'arrow-up': 0xeaa1,
  beaker: 0xea79,
  bug: 0xeaaf,
  check: 0xeab2,
  'chevron-down': 0xeab4,
  'chevron-right': 0xeab6,
  'circle-slash': 0xeabd,
  'clear-all': 0xeabf,
  close: 0xea76,
  copy: 0xebcc,
  'debug-alt': 0xeb91,
  'debug-stackframe': 0xeb8b,
  'debug-stop': 0xead7,
  error: 0xea87,
  export: 0xebac,
  filter: 0xeaf1,
  'go-to-file': 0xea94,
  graph: 0xeb03,
  'group-by-ref-type': 0xeb97,
  history: 0xea82,
  info: 0xea74,
  layers: 0xebd2,
  output: 0xeb9d,
  package: 0xeb29,
  pass: 0xeba4,
  play: 0xeb2c,
  pulse: 0xeb31,
  question: 0xeb32,
  search: 0xea6d,
  shield: 0xeb53,
  'symbol-structure': 0xea91,
  table: 0xebb7,
  'triangle-down': 0xeb6e,
  'triangle-up': 0xeb71,
  warning: 0xea6c,
  watch: 0xeb7c,
} as const;

export type IconName = keyof typeof codePoints;

export interface IconProps {
  readonly name: IconName;
  /** What it says to those who do not see it; without one it is decoration. */
  readonly label?: string;
  readonly class?: string;
}

export function Icon({ name, label, class: extra = '' }: IconProps) {
  const glyph = String.fromCodePoint(codePoints[name]);
  if (label === undefined) {
    return (
      <span class={`icon ${extra}`} aria-hidden="true">
        {glyph}
      </span>
    );
  }
  return (
    <span class={`icon ${extra}`} role="img" aria-label={label} title={label}>
      {glyph}
    </span>
  );
}
