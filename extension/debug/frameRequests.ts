/** Requests about where the run stands: threads, stack, sources, the reason. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DebugFrame } from '../core/debug/view.js';
import { RULES } from '../core/rules/catalogue.js';
import { RequestFailure } from './failure.js';
import { frameId } from './frameIds.js';
import type { Handlers } from './requests.js';
import type { RunControl } from './runControl.js';
import { stoppedBody } from './stops.js';

export function frameRequests(control: RunControl): Handlers {
  return {
    threads: async () => ({ threads: control.threads.list((await control.loaded())?.run ?? 'vsp-lab') }),
    stackTrace: async (wanted: DebugProtocol.StackTraceArguments) => stackTrace(control, wanted),
    exceptionInfo: async () => exceptionInfo(control),
    source: async ({ source, sourceReference }: DebugProtocol.SourceArguments) => {
      const content = control.sources.content(source?.sourceReference ?? sourceReference);
      if (content === undefined) throw new RequestFailure('unknown', 'There is no such source.');
      return { content, mimeType: 'text/x-c' };
    },
    loadedSources: async () => {
      const files = (await control.loaded())?.driver.files ?? [];
      return { sources: files.map((file) => control.sources.source(file)) };
    },
    modules: async () => {
      const { driver } = control.launched;
      return {
        modules: [{ id: 1, name: driver.name, isUserCode: true, symbolStatus: 'Symbols loaded' }],
        totalModules: 1,
      };
    },
  };
}

/** One stack there is, that of the thread that runs; the others are not in code. */
function stackTrace(
  control: RunControl,
  { threadId, startFrame = 0, levels = 0 }: DebugProtocol.StackTraceArguments,
): DebugProtocol.StackTraceResponse['body'] {
  const { stop, number, threadId: running } = control.standing;
  if (threadId !== running) return { stackFrames: [], totalFrames: 0 };
  const { frames } = stop;
  const page = frames.slice(startFrame, levels > 0 ? startFrame + levels : undefined);
  return { stackFrames: page.map((frame) => shownFrame(control, number, frame)), totalFrames: frames.length };
}

function shownFrame(control: RunControl, stop: number, frame: DebugFrame): DebugProtocol.StackFrame {
  const { sources, positions } = control;
  const { index, kind, location, name, endLine } = frame;
  const id = frameId(stop, index);
  if (kind === 'library' || location === undefined) {
    return { id, name, line: 0, column: 0, presentationHint: 'subtle', canRestart: false };
  }
  return {
    id,
    name: kind === 'inlined' ? `${name} [inlined]` : name,
    source: sources.source(location.file),
    line: positions.line(location.line),
    column: positions.column(Math.max(1, location.column)),
    ...(endLine === undefined || endLine <= location.line
      ? {}
      : { endLine: positions.line(endLine), endColumn: positions.column(1) }),
    moduleId: 1,
    canRestart: kind === 'user',
  };
}

function exceptionInfo(control: RunControl): DebugProtocol.ExceptionInfoResponse['body'] {
  const { stop } = control.standing;
  const { reason, description, text } = stoppedBody(stop, (id) => control.breakpoints.watched(id));
  if (reason !== 'exception') throw new RequestFailure('state', 'The run does not stand at an exception.');
  const exceptionId = description ?? reason;
  const rule = RULES.find(({ id }) => id === exceptionId);
  const details: DebugProtocol.ExceptionDetails = {
    typeName: exceptionId,
    stackTrace: stop.frames
      .map(({ name, location }) => (location === undefined ? name : `${name} at ${location.file}:${location.line}`))
      .join('\n'),
    ...(rule === undefined ? {} : { message: `${rule.title} ${rule.consequence} ${rule.mend}` }),
  };
  return { exceptionId, description: text ?? exceptionId, breakMode: 'always', details };
}
