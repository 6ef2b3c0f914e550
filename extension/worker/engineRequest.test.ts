import { describe, expect, it } from 'vitest';
import type { EngineRequest, RunRequest } from './engineProtocol.js';
import { InvalidRequest, parseRequest } from './engineRequest.js';

const RUN: RunRequest = {
  kind: 'run',
  id: 7,
  cwd: '/p',
  paths: ['/p/a.c', 'C:/p'],
  workspaceRoots: ['/p'],
  overlays: [{ path: '/p/a.c', bytes: Uint8Array.of(1) }],
  settings: {
    checks: 'off',
    tests: ['A*'],
    packets: 5,
    seed: 0,
    includes: ['/inc'],
    defines: ['A=1'],
    stubs: ['F=1'],
    modes: ['S-10=buffer'],
    timeout: 100,
  },
};

const REQUESTS: readonly EngineRequest[] = [
  RUN,
  { ...RUN, settings: {}, overlays: [] },
  {
    kind: 'contexts',
    id: 8,
    cwd: '/p',
    file: '/p/a.c',
    workspaceRoots: [],
    overlays: [],
    settings: { defines: ['A'] },
  },
  { kind: 'cancel', id: 7 },
  { kind: 'warm', cwd: '/p' },
];

/** The message and the id of the refusal. */
function refusal(message: unknown): readonly [string, number | undefined] {
  try {
    parseRequest(message);
  } catch (error) {
    if (error instanceof InvalidRequest) return [error.message, error.id];
    throw error;
  }
  throw new Error('was not refused');
}

describe('parseRequest', () => {
  it.each(REQUESTS)('takes what the protocol has, as it is: %o', (request) => {
    expect(parseRequest(request)).toEqual(request);
  });

  it('leaves out what the protocol does not have', () => {
    expect(parseRequest({ ...RUN, more: 1, settings: { ...RUN.settings, more: 1 } })).toEqual(RUN);
  });

  it.each([
    [undefined, 'the request: expected an object', undefined],
    [{ kind: 'stop' }, 'kind: expected one of run, check, contexts, cancel, warm', undefined],
    [{ kind: 'cancel', id: 1.5 }, 'id: expected a whole number from 0 to 9007199254740991', undefined],
    [{ kind: 'warm', cwd: 'p' }, 'cwd: expected an absolute path with /', undefined],
    [{ ...RUN, cwd: 'C:\\p' }, 'cwd: expected an absolute path with /', 7],
    [{ ...RUN, paths: '/p' }, 'paths: expected a list of texts', 7],
    [{ ...RUN, paths: ['/p', 'a.c'] }, 'paths[1]: expected an absolute path with /', 7],
    [{ ...RUN, workspaceRoots: [1] }, 'workspaceRoots: expected a list of texts', 7],
    [{ ...RUN, overlays: {} }, 'overlays: expected a list', 7],
    [{ ...RUN, overlays: [null] }, 'overlays[0]: expected an object', 7],
    [{ ...RUN, overlays: [{ path: '/a', bytes: 'x' }] }, 'overlays[0].bytes: expected bytes', 7],
    [{ ...RUN, settings: null }, 'settings: expected an object', 7],
    [{ ...RUN, settings: { checks: 'some' } }, 'settings.checks: expected one of off, contract, full', 7],
    [{ ...RUN, settings: { packets: 0 } }, 'settings.packets: expected a whole number from 1 to 10000000', 7],
    [{ ...RUN, settings: { timeout: Number.NaN } }, 'settings.timeout: expected a whole number from 1 to 3600000', 7],
    [{ ...RUN, settings: { includes: ['inc'] } }, 'settings.includes[0]: expected an absolute path with /', 7],
  ])('refuses %o', (message, expected, id) => {
    expect(refusal(message)).toEqual([expected, id]);
  });
});
