import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { htmlReport, type ReportPage } from './htmlReport.js';
import { packBytes, parsePack, type ReportPack } from './reportPack.js';
import { samplePack as storagePack } from './samplePack.testing.js';
import { samplePack, sampleRun } from './tinyPack.testing.js';

function page(over: Partial<ReportPage> = {}): ReportPage {
  return {
    script: 'console.log("<b>");\n//# sourceMappingURL=view.js.map\n',
    style: 'b { color: red }\n/*# sourceMappingURL=view.css.map */\n',
    hash: (text) => createHash('sha256').update(text).digest('base64'),
    base64: (bytes) => Buffer.from(bytes).toString('base64'),
    ...over,
  };
}

function html(pack: ReportPack, over: Partial<ReportPage> = {}): string {
  return [...htmlReport(pack, page(over))].join('');
}

function between(text: string, start: string, end: string): string {
  const from = text.indexOf(start) + start.length;
  return text.slice(from, text.indexOf(end, from));
}

const PACK = storagePack(50_000);

describe('htmlReport', () => {
  it('carries the report as it was, in pieces that are never long', () => {
    const pieces = [...htmlReport(PACK, page())];
    const text = between(pieces.join(''), 'id="vsp-lab-report">', '</script>');
    expect(packBytes(parsePack(new Uint8Array(Buffer.from(text, 'base64'))))).toEqual(packBytes(PACK));
    expect(pieces.length).toBeGreaterThan(40);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(1 << 17);
  });

  it('lets its own script and style run, by their hashes, and nothing else', () => {
    const text = html(PACK);
    const [script, style] = [between(text, '\n<script>', '</script>'), between(text, '<style>', '</style>')];
    const hash = page().hash;
    expect(between(text, 'http-equiv="Content-Security-Policy" content="', '"')).toBe(
      `default-src 'none'; script-src 'sha256-${hash(script)}'; style-src 'sha256-${hash(style)}'; ` +
        `font-src data:; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    expect([script, style]).toEqual(['console.log("<b>");\n', 'b { color: red }\n']);
  });

  it('escapes names', () => {
    const evil = '</title><img src=x onerror="alert(1)">&';
    expect(html(samplePack(sampleRun('a', { driver: evil })))).toContain(
      '<title>&lt;/title&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp; - Packet Buffers</title>',
    );
  });

  it('names the first drivers of many', () => {
    const runs = ['a', 'b', 'c', 'd', 'a'].map((driver) => sampleRun('r', { driver }));
    expect(html(samplePack(...runs))).toContain('<title>a, b, c, and 1 more - Packet Buffers</title>');
    expect(html(samplePack())).toContain('<title>Packet Buffers</title>');
  });

  it.each([
    ['script', 'var a = "</SCRIPT >";'],
    ['script', 'var a = "<!--";'],
    ['style', 'b { content: "</style>" }'],
  ])('refuses a page whose %s would end its element', (element, text) => {
    expect(() => html(PACK, { [element]: text })).toThrow(`the page's ${element} has text in it`);
  });
});
