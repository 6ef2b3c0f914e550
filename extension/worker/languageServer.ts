/**
 * The thread's side: texts and questions in the order they came; files of the workspace one at a time in between, so that
 * a question never waits for more than one of them.
 */
import { readFile } from 'node:fs/promises';
import { LanguageService } from '../core/language/service/languageService.js';
import type { Questions } from '../core/language/service/protocol.js';
import { languageOf, type SourceLanguage, type SyntaxParser } from '../core/language/tree/syntax.js';
import { sourceText } from '../core/run/sourceNames.js';
import { parserOf } from './grammars.js';
import type { IndexedFile, LanguageReply, LanguageRequest } from './languageProtocol.js';

/** A source without any of these has nothing to say to the index; a header may define the records others use. */
const HINT = /\bVMB|\bVmb|\bEVT_VMB_|\bPFN_VMB_|\bVSPLAB_/;
const HEADER = /\.(?:h|hh|hpp|hxx|inl)$/i;
/** No source a person has written is longer. */
const LONGEST = 4_000_000;

export class LanguageServer {
  readonly #grammars: string;
  readonly #reply: (reply: LanguageReply) => void;
  readonly #parsers = new Map<SourceLanguage, SyntaxParser>();
  readonly #service = new LanguageService((language) => this.#parser(language));
  #files: IndexedFile[] = [];
  readonly #settling: number[] = [];
  #indexing = false;
  /** Requests in their order: loading a grammar takes a moment. */
  #done: Promise<void> = Promise.resolve();

  constructor(grammars: string, reply: (reply: LanguageReply) => void) {
    this.#grammars = grammars;
    this.#reply = reply;
  }

  take(request: LanguageRequest): void {
    this.#done = this.#done.then(() => this.#serve(request));
  }

  async #serve(request: LanguageRequest): Promise<void> {
    try {
      switch (request.kind) {
        case 'open':
          await this.#load(request.language);
          this.#service.open(request.uri, request.language, request.text);
          break;
        case 'change':
          this.#service.change(request.uri, request.changes);
          break;
        case 'close':
          this.#service.close(request.uri);
          break;
        case 'index':
          this.#files.push(...request.files);
          this.#indexNext();
          break;
        case 'forget':
          this.#files = this.#files.filter(({ uri }) => uri !== request.uri);
          this.#service.forget(request.uri);
          break;
        case 'settle':
          this.#settling.push(request.id);
          this.#indexNext();
          break;
        case 'ask':
          this.#reply({ kind: 'answer', id: request.id, answer: this.#ask(request.name, request.ask) });
      }
    } catch (error) {
      if ('id' in request) this.#reply({ kind: 'failed', id: request.id, message: String(error) });
    }
  }

  #ask(name: keyof Questions, ask: unknown): unknown {
    return this.#service.ask(name, ask as never);
  }

  #indexNext(): void {
    if (this.#indexing) return;
    this.#indexing = true;
    setImmediate(() => {
      this.#done = this.#done.then(async () => {
        const file = this.#files.shift();
        if (file !== undefined) await this.#index(file).catch(() => this.#service.forget(file.uri));
        this.#indexing = false;
        if (this.#files.length > 0) this.#indexNext();
        else for (const id of this.#settling.splice(0)) this.#reply({ kind: 'answer', id, answer: undefined });
      });
    });
  }

  async #index({ uri, path, text }: IndexedFile): Promise<void> {
    const source = text ?? (path === undefined ? '' : sourceText(await readFile(path)));
    if (source.length > LONGEST || !(HINT.test(source) || HEADER.test(uri))) {
      this.#service.forget(uri);
      return;
    }
    const language = languageOf(uri, source);
    await this.#load(language);
    this.#service.index(uri, language, source);
  }

  async #load(language: SourceLanguage): Promise<void> {
    if (!this.#parsers.has(language)) this.#parsers.set(language, await parserOf(language, this.#grammars));
  }

  #parser(language: SourceLanguage): SyntaxParser {
    const parser = this.#parsers.get(language);
    if (parser === undefined) throw new Error(`the grammar of ${language} is not loaded`);
    return parser;
  }
}
