/** The document of a Packet Buffers webview: one script, one style sheet, nothing else may load or run. */

export type Place = 'panel' | 'sideBar' | 'editor';

export interface PageFiles {
  /** Webview URIs. */
  readonly script: string;
  readonly style: string;
  /** Where VS Code shows it: each place has a colour of its own. */
  readonly place: Place;
  /** `Webview.cspSource`. */
  readonly cspSource: string;
  /** A fresh word no text of the page can know. */
  readonly nonce: string;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => escapes[char] ?? char);
}

export function packetBuffersHtml({ script, style, place, cspSource, nonce }: PageFiles): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource}`,
    `font-src ${cspSource} data:`,
    `img-src ${cspSource} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escaped(style)}">
<title>Packet Buffers</title>
</head>
<body data-place="${place}">
<div id="vsp-lab"></div>
<script nonce="${escaped(nonce)}" src="${escaped(script)}"></script>
</body>
</html>
`;
}
