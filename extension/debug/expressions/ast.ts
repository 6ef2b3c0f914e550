/** What a C expression says, before its operands have types. `at` is where a token stands in the text, for messages. */
import type { Type } from './types.js';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A type's member, through other members: `Header.Length`. */
export type MemberPath = readonly { readonly name: string; readonly at: number }[];

export type Node =
  | { readonly kind: 'integer'; readonly at: number; readonly text: string; readonly value: bigint }
  | { readonly kind: 'float'; readonly at: number; readonly text: string; readonly value: number }
  | { readonly kind: 'character'; readonly at: number; readonly value: number; readonly wide: boolean }
  | { readonly kind: 'string'; readonly at: number; readonly value: string; readonly wide: boolean }
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  | { readonly kind: 'unary'; readonly at: number; readonly operator: '+' | '-' | '!' | '~'; readonly operand: Node }
  | { readonly kind: 'dereference'; readonly at: number; readonly operand: Node }
  | { readonly kind: 'address'; readonly at: number; readonly operand: Node }
  | {
      readonly kind: 'step';
      readonly at: number;
      readonly operator: '++' | '--';
      /** The value is that from before. */
      readonly postfix: boolean;
      readonly operand: Node;
    }
  | {
      readonly kind: 'arithmetic';
      readonly at: number;
      readonly operator: ArithmeticOperator;
      readonly left: Node;
      readonly right: Node;
    }
  | {
      readonly kind: 'comparison';
      readonly at: number;
      readonly operator: ComparisonOperator;
      readonly left: Node;
      readonly right: Node;
    }
  | {
      readonly kind: 'logical';
      readonly at: number;
      readonly operator: '&&' | '||';
      readonly left: Node;
      readonly right: Node;
    }
  | {
      readonly kind: 'assignment';
      readonly at: number;
      readonly operator: '=' | ArithmeticOperator;
      readonly left: Node;
      readonly right: Node;
    }
  | {
      readonly kind: 'conditional';
      readonly at: number;
      readonly test: Node;
      readonly yes: Node;
      readonly no: Node;
    }
  | { readonly kind: 'comma'; readonly at: number; readonly left: Node; readonly right: Node }
  | { readonly kind: 'cast'; readonly at: number; readonly type: Type; readonly operand: Node }
  | { readonly kind: 'sizeof'; readonly at: number; readonly of: Type | Node }
  | { readonly kind: 'index'; readonly at: number; readonly base: Node; readonly index: Node }
  | {
      readonly kind: 'member';
      readonly at: number;
      readonly base: Node;
      /** `->`. */
      readonly arrow: boolean;
      readonly name: string;
      readonly nameAt: number;
    }
  | { readonly kind: 'call'; readonly at: number; readonly name: string; readonly operands: readonly Node[] }
  /** FIELD_OFFSET and RTL_FIELD_SIZE. */
  | {
      readonly kind: 'field';
      readonly at: number;
      readonly tells: 'offset' | 'size';
      readonly type: Type;
      readonly path: MemberPath;
    }
  /** CONTAINING_RECORD. */
  | {
      readonly kind: 'containing';
      readonly at: number;
      readonly operand: Node;
      readonly type: Type;
      readonly path: MemberPath;
    };

/** How a value is to be shown: what stands after the expression, `,x` or `,[16]`. */
export interface Format {
  readonly radix?: 'hexadecimal' | 'decimal' | 'octal' | 'binary' | 'character';
  /** As text: `,s` bytes, `,su` UTF-16. */
  readonly text?: 'narrow' | 'wide';
  /** `,[n]` or `,n`: a pointer as that many elements. */
  readonly count?: Node;
  /** `,!`: raw, without the view of lists, strings and the like. */
  readonly raw?: boolean;
}

export interface Parsed {
  readonly node: Node;
  readonly format: Format;
}
