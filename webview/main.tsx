import './tokens.css';
import './view.css';
import './header.css';
import './findings.css';
import './list/list.css';
import './figures/figures.css';
import './figures/tables.css';
import './detail/detail.css';
import './debug/debug.css';
/** The Packet Buffers page: one bundle for the webview and for the exported file. */
import { render } from 'preact';
import { App } from './app.js';
import { copyText } from './clipboard.js';
import { EmbeddedSource } from './embeddedSource.js';
import { MessageSource, type VsCodeApi } from './messageSource.js';
import type { ReportSource } from './source.js';
import { createStore } from './store.js';

declare function acquireVsCodeApi(): VsCodeApi;

function openSource(): ReportSource {
  const report = document.getElementById('vsp-lab-report');
  return report
    ? new EmbeddedSource(report.textContent ?? '', copyText)
    : new MessageSource(acquireVsCodeApi(), window);
}

const root = document.getElementById('vsp-lab') ?? document.body;
root.id = 'vsp-lab';
try {
  const store = createStore(openSource());
  addEventListener('pagehide', () => store.dispose());
  render(<App store={store} />, root);
} catch (error) {
  root.textContent = error instanceof Error ? error.message : String(error);
}
