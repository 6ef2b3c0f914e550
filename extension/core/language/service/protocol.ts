/** What an editor asks about its texts and is answered: plain data, since the answers come from another thread. */
import type { RuleId } from '../../rules/catalogue.js';
import type { OfferedFix } from '../../rules/static/fixes/offer.js';
import type { Anchor, KnownCallbacks } from '../anchors.js';
import type { CallbackRole } from '../facts/types.js';
import type { RegistrationEntry } from '../index/fileFacts.js';
import type { IndexCounts } from '../index/workspaceIndex.js';
import type { TextPosition, TextRange } from '../textTracking.js';

/** A replacement in the text before it: UTF-16 units. */
export interface TextChange {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

export interface PlaceIn {
  readonly uri: string;
  readonly range: TextRange;
}

/** What a word of a text stands for. */
export type Target =
  /** A structure by one of its names, or a field of it: what the compiler made of it only a run tells. */
  | {
      readonly kind: 'record';
      /** Tag, typedef names and names of pointers to it. */
      readonly names: readonly string[];
      readonly field: string | undefined;
      readonly range: TextRange;
    }
  /** A name of KMCL. */
  | { readonly kind: 'name'; readonly name: string; readonly range: TextRange }
  /** A parameter of a callback, at its declaration or where it is used. */
  | {
      readonly kind: 'parameter';
      readonly role: CallbackRole;
      readonly ex: boolean;
      readonly index: number;
      readonly name: string;
      readonly callback: string;
      readonly range: TextRange;
    }
  /** A callback, at its definition or wherever it is named. */
  | {
      readonly kind: 'callback';
      readonly role: CallbackRole;
      readonly ex: boolean;
      readonly name: string;
      readonly range: TextRange;
      readonly definition: PlaceIn | undefined;
    };

export interface SignatureAt {
  readonly callee: string;
  readonly operand: number;
}

export type Suggestion =
  | { readonly kind: 'flag' | 'status' | 'name'; readonly name: string }
  | { readonly kind: 'field'; readonly name: string; readonly type: string; readonly record: string };

export interface CallbackPlace extends PlaceIn {
  readonly role: CallbackRole;
  readonly ex: boolean;
  readonly name: string;
  readonly nameAt: TextRange;
}

export interface Registration extends PlaceIn {
  readonly through: RegistrationEntry['through'];
  readonly within: string | undefined;
}

/** Questions by name: what they are asked with, and the answer. */
export interface Questions {
  readonly anchors: {
    readonly ask: { readonly uri: string; readonly known: KnownCallbacks };
    readonly answer: AnchorsOf;
  };
  readonly target: { readonly ask: At; readonly answer: Target | undefined };
  readonly signature: { readonly ask: At; readonly answer: SignatureAt | undefined };
  readonly suggestions: { readonly ask: At; readonly answer: readonly Suggestion[] };
  /** The callback whose definition the place is in. */
  readonly callbackAt: { readonly ask: At; readonly answer: CallbackPlace | undefined };
  readonly callbackNamed: {
    readonly ask: { readonly uri: string; readonly name: string };
    readonly answer: CallbackPlace | undefined;
  };
  readonly paired: { readonly ask: At; readonly answer: CallbackPlace | undefined };
  readonly registrations: { readonly ask: At; readonly answer: readonly Registration[] };
  /** What breaks a rule for certain, without a compiler. */
  readonly certain: { readonly ask: { readonly uri: string }; readonly answer: readonly CertainFinding[] };
  readonly counts: { readonly ask: { readonly uri?: string }; readonly answer: IndexCounts };
}

export interface CertainFinding {
  readonly rule: RuleId;
  readonly message: string;
  readonly range: TextRange;
  /** Name of the function it is in. */
  readonly within: string;
  readonly fix: Pick<OfferedFix, 'title' | 'edits'> | undefined;
}

export interface At {
  readonly uri: string;
  readonly position: TextPosition;
}

export interface AnchorsOf {
  readonly anchors: readonly Anchor[];
  /** Nothing in the text is half typed. */
  readonly whole: boolean;
}
