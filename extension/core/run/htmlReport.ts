/**
 * The Packet Buffers page with a report inside, as one file that any browser opens: the view's own script and style, the
 * packed report as the text of a data block, and a policy by which nothing else can run or load.
 */
import { packBytes, type ReportPack } from './reportPack.js';

/** The page as it was built, and what core has not of its own. */
export interface ReportPage {
  readonly script: string;
  readonly style: string;
  /** SHA-256 of a text's UTF-8, in base64: what a content security policy names an inline script by. */
  readonly hash: (text: string) => string;
  readonly base64: (bytes: Uint8Array) => string;
}

/** Bytes per piece of the report: a multiple of three, so that pieces of base64 can follow each other. */
const PIECE = 3 << 14;

/** Piece by piece. The same pack and page give the same bytes. Throws for a page that cannot stand in HTML. */
export function* htmlReport(pack: ReportPack, page: ReportPage): Generator<string> {
  const script = inline('script', page.script);
  const style = inline('style', page.style);
  const policy = [
    `default-src 'none'`,
    `script-src 'sha256-${page.hash(script)}'`,
    `style-src 'sha256-${page.hash(style)}'`,
    'font-src data:',
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  yield `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="VSP Lab">
<title>${escaped(titleOf(pack))}</title>
<style>`;
  yield style;
  yield `</style>
</head>
<body>
<div id="vsp-lab"></div>
<noscript>This report shows its packets by a script of its own, and scripts are turned off here.</noscript>
<script type="application/octet-stream" id="vsp-lab-report">
`;
  const bytes = packBytes(pack);
  for (let at = 0; at < bytes.length; at += PIECE) yield page.base64(bytes.subarray(at, at + PIECE));
  yield '\n</script>\n<script>';
  yield script;
  yield '</script>\n</body>\n</html>\n';
}

function titleOf(pack: ReportPack): string {
  const drivers = [...new Set(pack.runs.map(({ driver }) => driver))];
  const shown = drivers.slice(0, 3).join(', ') + (drivers.length > 3 ? `, and ${drivers.length - 3} more` : '');
  return `${shown === '' ? '' : `${shown} - `}Packet Buffers`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

/** Without the pointer to a source map, which no exported file has beside it. */
function inline(element: 'script' | 'style', text: string): string {
  const own = text.replace(/\n?(?:\/\/# sourceMappingURL=.*|\/\*# sourceMappingURL=.*\*\/)\s*$/, '\n');
  if (new RegExp(`</${element}|<!--`, 'i').test(own)) {
    throw new Error(`the page's ${element} has text in it that would end its element`);
  }
  return own;
}
