/** What a person is told when a report cannot be written where they said. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { samplePack } from '../core/run/samplePack.testing.js';
import { exportReport } from './exportReport.js';
import type { Lab } from './lab.js';

const place = { path: '/reports/nic-report.csv', toString: () => 'file:///reports/nic-report.csv' };
const { told, failure } = vi.hoisted(() => ({ told: [] as string[], failure: { error: new Error() } }));

vi.mock('vscode', () => ({
  ProgressLocation: { Window: 10 },
  Uri: { file: (path: string) => ({ path }), joinPath: (_base: object, path: string) => ({ path }) },
  commands: {},
  env: {},
  workspace: { getWorkspaceFolder: () => undefined },
  window: {
    showSaveDialog: async () => place,
    showErrorMessage: async (text: string) => void told.push(`error: ${text}`),
    showInformationMessage: async (text: string) => void told.push(`information: ${text}`),
    withProgress: (_options: object, work: (progress: object, token: object) => Promise<unknown>) =>
      work({}, { onCancellationRequested: () => ({ dispose() {} }) }),
  },
}));
vi.mock('./writePieces.js', () => ({ writePieces: () => Promise.reject(failure.error) }));

function labWith(count: number): Lab {
  const result = { name: 'nic', key: '/nic', home: { path: '/nic' }, shown: { pack: samplePack(4) } };
  const log = { info() {}, error() {} };
  return { results: { all: Array.from({ length: count }, () => result) }, log, context: {} } as unknown as Lab;
}

afterEach(() => void told.splice(0));

describe('a report that cannot be written', () => {
  it.each([
    ['EROFS: read-only file system, open /reports/nic-report.csv', 'the folder is read-only. Choose another one.'],
    ['NoPermissions (FileSystemError): Error: EACCES', 'the folder is read-only. Choose another one.'],
    ['ENOSPC: no space left on device, write', 'the disk is full.'],
    ['something else', 'something else'],
  ])('%s: is told once, with the way out', async (message, reason) => {
    failure.error = new Error(message);
    await exportReport(labWith(1), 'csv');
    expect(told).toEqual([`error: nic-report.csv could not be written: ${reason}`]);
  });

  it('is no report at all before anything has run', async () => {
    await exportReport(labWith(0), 'csv');
    expect(told).toEqual(['information: There is no report yet: run a driver first.']);
  });
});
