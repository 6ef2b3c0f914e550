/** The Packet Buffers page: one bundle for the webview and for the exported file. */
import './tokens.css';
import './view.css';
import './detail/detail.css';
import { render } from 'preact';
import { App } from './app.js';
import { EmbeddedSource } from './embeddedSource.js';
import { MessageSource, type VsCodeApi } from './messageSource.js';
import type { ReportSource } from './source.js';
import { createStore } from './store.js';

declare function acquireVsCodeApi(): VsCodeApi;

function openSource(): ReportSource {
  const report = document.getElementById('vsp-lab-report');
  return report ? new EmbeddedSource(report.textContent ?? '') : new MessageSource(acquireVsCodeApi(), window);
}

const root = document.getElementById('vsp-lab') ?? document.body;
render(<App store={createStore(openSource())} />, root);
