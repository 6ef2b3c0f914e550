/** Requests about breakpoints of every kind. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { MOST_WATCHED_BYTES } from '../core/debug/layout.js';
import { breakpointPlaces } from './breakpoints.js';
import { RequestFailure } from './failure.js';
import { frameIndex } from './frameIds.js';
import type { Handlers } from './requests.js';
import type { RunControl } from './runControl.js';

export function breakpointRequests(control: RunControl): Handlers {
  const { breakpoints } = control;
  return {
    setBreakpoints: async (wanted: DebugProtocol.SetBreakpointsArguments) => ({
      breakpoints: await breakpoints.setSource(await control.ready(), wanted),
    }),
    setFunctionBreakpoints: async (wanted: DebugProtocol.SetFunctionBreakpointsArguments) => ({
      breakpoints: await breakpoints.setFunctions(await control.ready(), wanted.breakpoints),
    }),
    setDataBreakpoints: async (wanted: DebugProtocol.SetDataBreakpointsArguments) => ({
      breakpoints: await breakpoints.setData(await control.ready(), wanted.breakpoints),
    }),
    setExceptionBreakpoints: async (wanted: DebugProtocol.SetExceptionBreakpointsArguments) => ({
      breakpoints: await breakpoints.setExceptions(await control.ready(), wanted),
    }),
    dataBreakpointInfo: (wanted: DebugProtocol.DataBreakpointInfoArguments) => dataBreakpointInfo(control, wanted),
    breakpointLocations: (wanted: DebugProtocol.BreakpointLocationsArguments) => breakpointLocations(control, wanted),
  };
}

async function dataBreakpointInfo(
  control: RunControl,
  { variablesReference, name, frameId, bytes }: DebugProtocol.DataBreakpointInfoArguments,
): Promise<DebugProtocol.DataBreakpointInfoResponse['body']> {
  const { number } = control.standing;
  try {
    const { address, size, description } = await control.ask('place', {
      stop: number,
      name,
      ...(variablesReference === undefined || variablesReference === 0 ? {} : { reference: variablesReference }),
      ...(frameId === undefined ? {} : { frame: frameIndex(control, frameId) }),
      ...(bytes === undefined ? {} : { bytes }),
    });
    if (size > MOST_WATCHED_BYTES) {
      const most = `at most ${MOST_WATCHED_BYTES} can be watched at the same time`;
      return { dataId: null, description: `${name} has ${size} bytes: ${most}` };
    }
    return {
      dataId: control.breakpoints.watch({ address, size, name }),
      description,
      accessTypes: ['write'],
      canPersist: false,
    };
  } catch (error) {
    if (error instanceof RequestFailure) throw error;
    return { dataId: null, description: error instanceof Error ? error.message : String(error) };
  }
}

async function breakpointLocations(
  control: RunControl,
  { source, line, endLine }: DebugProtocol.BreakpointLocationsArguments,
): Promise<DebugProtocol.BreakpointLocationsResponse['body']> {
  const launched = await control.loaded();
  const { sources, positions } = control;
  const file = sources.file(source);
  if (launched === undefined || file === undefined) return { breakpoints: [] };
  const isFile = (each: string): boolean => sources.same(sources.absolute(each), file);
  const first = positions.lineOf(line);
  const last = endLine === undefined ? first : positions.lineOf(endLine);
  return {
    breakpoints: breakpointPlaces(launched.tables, isFile, first, last).map((place) => ({
      line: positions.line(place.line),
      column: positions.column(place.column),
      endLine: positions.line(place.endLine),
    })),
  };
}
