import { describe, expect, it } from 'vitest';
import { packetBuffersHtml } from './packetBuffersHtml.js';

const files = {
  script: 'https://file+.vscode-resource/dist/webview/view.js',
  style: 'https://file+.vscode-resource/dist/webview/view.css',
  place: 'panel' as const,
  cspSource: 'https://*.vscode-cdn.net',
  nonce: 'abc123',
};

describe('the page', () => {
  const html = packetBuffersHtml(files);
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';

  it('lets nothing load but its script, style, font and images', () => {
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'nonce-abc123'",
      'style-src https://*.vscode-cdn.net',
      'font-src https://*.vscode-cdn.net data:',
      'img-src https://*.vscode-cdn.net data:',
    ]);
    expect(policy).not.toContain('unsafe');
  });

  it('has no script and no style within', () => {
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain('<script nonce="abc123" src="https://file+.vscode-resource/dist/webview/view.js"></script>');
    expect(html).not.toMatch(/<style| style=| on\w+=/);
  });

  it('cannot be broken out of by a path', () => {
    expect(packetBuffersHtml({ ...files, style: '"><script>' })).not.toContain('"><script>');
  });
});
