/**
 * TextEncoder and TextDecoder as core uses them (https://encoding.spec.whatwg.org/), with the labels its sources need.
 * Node and browsers bring their own wider types, so this file belongs to tsconfig.core.json alone.
 */
interface TextDecodeOptions {
  readonly stream?: boolean;
}

interface TextDecoderOptions {
  readonly fatal?: boolean;
  readonly ignoreBOM?: boolean;
}

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | 'latin1', options?: TextDecoderOptions);
  readonly encoding: string;
  decode(bytes?: ArrayBufferView | ArrayBuffer | SharedArrayBuffer, options?: TextDecodeOptions): string;
}
