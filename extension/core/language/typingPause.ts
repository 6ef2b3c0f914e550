/** Milliseconds after the last key until a check begins: shorter than people notice, longer than a pause inside a word. */
export const TYPING_PAUSE = 80;
