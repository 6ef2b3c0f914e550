/** What bench/editor.bench.ts runs inside the extension host: a driver is edited and saved, again and again. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { commands } from 'vscode';
import { api, file, open, replace, until } from './support/acts.js';

/** The first ones still warm things up. */
const ROUNDS = 12;
/** Something to edit: any comment will do. */
const MARK = '*/';

export interface EditorMeasurements {
  /** Milliseconds. */
  readonly activation: number;
  readonly saveToView: readonly number[];
}

export async function run(): Promise<void> {
  const extension = await api();
  const driver = file('synthetic-nic', 'Warm/Warm.c');
  mkdirSync(dirname(driver.fsPath), { recursive: true });
  copyFileSync(process.env['VSP_LAB_BENCH_DRIVER'] ?? '', driver.fsPath);
  const { uri } = await open(driver);
  await commands.executeCommand('vspLab.showPacketBuffers');
  await commands.executeCommand('vspLab.runFile', uri);
  for (let round = 0; round < ROUNDS; round++) {
    const document = await open(uri);
    await replace(document, MARK, ` ${MARK}`);
    const before = extension.metrics.saveToView.length;
    await document.save();
    await until('the view of what was saved', () => extension.metrics.saveToView.length > before);
  }
  const { activation, saveToView } = extension.metrics;
  const measured: EditorMeasurements = { activation, saveToView };
  writeFileSync(process.env['VSP_LAB_BENCH_RESULT'] ?? '', JSON.stringify(measured));
}
