/** Requests that let the run go on, forwards and backwards. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Goal, Granularity } from '../worker/debugProtocol.js';
import { breakpointPlaces } from './breakpoints.js';
import { RequestFailure } from './failure.js';
import { frameIndex } from './frameIds.js';
import type { Handlers } from './requests.js';
import type { RunControl } from './runControl.js';

/** There are no instructions to step by: a statement is the smallest step. */
function granularityOf(wanted: DebugProtocol.SteppingGranularity | undefined): Granularity {
  return wanted === 'statement' || wanted === 'instruction' ? 'statement' : 'line';
}

export function steppingRequests(control: RunControl): Handlers {
  const goes = (goal: Goal): Promise<undefined> => control.resume(goal).then(() => undefined);
  return {
    continue: async () => {
      await control.resume({ kind: 'continue' });
      return { allThreadsContinued: true };
    },
    next: ({ granularity }: DebugProtocol.NextArguments) =>
      goes({ kind: 'stepOver', granularity: granularityOf(granularity) }),
    stepIn: ({ granularity }: DebugProtocol.StepInArguments) =>
      goes({ kind: 'stepIn', granularity: granularityOf(granularity) }),
    stepOut: () => goes({ kind: 'stepOut' }),
    stepBack: ({ granularity }: DebugProtocol.StepBackArguments) =>
      goes({ kind: 'stepBack', granularity: granularityOf(granularity) }),
    reverseContinue: () => goes({ kind: 'reverseContinue' }),
    restartFrame: ({ frameId }: DebugProtocol.RestartFrameArguments) => {
      const frame = frameIndex(control, frameId);
      if (control.standing.stop.frames[frame]?.kind !== 'user') {
        throw new RequestFailure('state', 'A frame of the library cannot be begun anew: choose one of the driver.');
      }
      return goes({ kind: 'restartFrame', frame });
    },
    pause: async () => {
      control.pause();
      return undefined;
    },
    gotoTargets: async (wanted: DebugProtocol.GotoTargetsArguments) => gotoTargets(control, wanted),
    goto: async ({ targetId }: DebugProtocol.GotoArguments) => {
      const line = Math.floor(targetId / COLUMNS);
      return goes({ kind: 'goto', line, column: targetId % COLUMNS });
    },
  };
}

/** A target's id is its place: line and column of a statement in the function that runs. */
const COLUMNS = 1 << 12;

function gotoTargets(
  control: RunControl,
  { source, line }: DebugProtocol.GotoTargetsArguments,
): DebugProtocol.GotoTargetsResponse['body'] {
  const { sources, positions, launched } = control;
  const frame = control.standing.stop.frames.find(({ kind }) => kind !== 'library');
  const wanted = positions.lineOf(line);
  const file = sources.file(source);
  const here = frame?.location;
  if (frame === undefined || here === undefined) throw new RequestFailure('state', 'No code of the driver runs here.');
  const isFile = (each: string): boolean => file !== undefined && sources.same(sources.absolute(each), file);
  const places = breakpointPlaces(ofFunction(launched.tables, frame.name), isFile, wanted, wanted);
  if (places.length === 0) {
    throw new RequestFailure(
      'state',
      `Line ${wanted} is no statement of ${frame.name}: the run can only be moved within it.`,
    );
  }
  return {
    targets: places.map((place) => ({
      id: place.line * COLUMNS + place.column,
      label: `${here.file.replace(/^.*\//, '')}:${place.line}`,
      line: positions.line(place.line),
      column: positions.column(place.column),
      endLine: positions.line(place.endLine),
    })),
  };
}

function ofFunction(tables: RunControl['launched']['tables'], name: string): RunControl['launched']['tables'] {
  return tables.map((unit) => ({
    ...unit,
    sites: unit.sites.filter(({ function: id }) => tables[id >>> 20]?.functions[id & 0xfffff]?.name === name),
  }));
}
