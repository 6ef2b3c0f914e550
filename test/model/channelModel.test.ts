/** Random operation sequences: the simulator, through a real driver, against the naive model. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { scriptDriver } from '../support/channelScript.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../support/driver.js';
import { modelled } from './channelModel.js';

const SEQUENCES = 240;
const SEED = 20240327;
/** Frequent letters stand more than once. */
const LETTERS = [...'eeDSSPPoooccfFsssshHkkppttttaa'];

const SCRIPTS = fc
  .sample(fc.array(fc.constantFrom(...LETTERS), { minLength: 5, maxLength: 40 }), { numRuns: SEQUENCES, seed: SEED })
  // most sequences begin like a driver does, or little would ever happen
  .map((letters, index) => modelled((index % 4 === 0 ? '' : 'eSo') + letters.join('')));

/** The interpreter with a line of state per letter. */
const TRACER = `
static VOID Trace(VMBCHANNEL Channel, CHAR Letter, PCSTR Answer, PULONG Shown)
{
    CHAR text[256];
    ULONG length = 0;
    text[0] = 0;
    for (; *Shown < CompletionCount; (*Shown)++) {
        PCSTR how = CompletionStatus[*Shown % MAX_KEPT] == STATUS_SUCCESS ? "." : "x";
        RtlStringCbPrintfA(text + length, sizeof(text) - length, "%u%s", CompletionTag[*Shown % MAX_KEPT] - 1, how);
        length = (ULONG)strlen(text);
    }
    VSPLAB_LOG("%c%s %u %u [%s]", Letter, Answer, VspLabInFlight(Channel), HeldCount, text);
}

static VOID RunTraced(PCSTR Script)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    ULONG number = 0;
    ULONG shown = 0;
    UCHAR byte = 1;
    for (; *Script != 0; Script++) {
        PCSTR answer = "";
        switch (*Script) {
        case 'e': answer = NT_SUCCESS(VmbChannelEnable(channel)) ? "+" : "-"; break;
        case 'D': VmbChannelDisable(channel); break;
        case 'S': VmbChannelStart(channel); break;
        case 'P': VmbChannelPause(channel); break;
        case 'o': answer = NT_SUCCESS(VspLabGuestOpenChannel(channel)) ? "+" : "-"; break;
        case 'c': VspLabGuestCloseChannel(channel); break;
        case 'f': OpenedStatus = STATUS_UNSUCCESSFUL; break;
        case 'F': OpenedStatus = STATUS_SUCCESS; break;
        case 's': VSPLAB_ASSERT(VspLabGuestSend(channel, &byte, 1, TRUE) != 0); break;
        case 'h': InProcess = Hold; break;
        case 'H': InProcess = NULL; break;
        case 'k': CompleteHeld(); break;
        case 'p': VSPLAB_ASSERT_SUCCESS(SendPacket(channel, number++, 16, 0)); break;
        case 't': VSPLAB_ASSERT_SUCCESS(SendPacket(channel, number++, 16, 1)); break;
        case 'a': VspLabGuestCompleteAll(channel); break;
        }
        Trace(channel, *Script, answer, &shown);
    }
    VSPLAB_LOG("end");
    VspLabIrql();
    CompleteHeld();
    EndChannel(channel);
}
`;

/** Incoming packets and completions of one delivery come in no promised order. */
function unordered(callbacks: readonly string[]): readonly string[] {
  const free = (name: string): boolean => name === 'ProcessPacket' || name === 'CompletionRoutine';
  const result: string[] = [];
  for (let index = 0; index < callbacks.length; ) {
    const end = callbacks.findIndex((name, at) => at >= index && !free(name));
    const run = callbacks.slice(index, end < 0 ? callbacks.length : end);
    result.push(...[...run].sort(), ...callbacks.slice(index + run.length, index + run.length + 1));
    index += run.length + 1;
  }
  return result;
}

let driver: TestDriver;
beforeAll(async () => {
  const tests = SCRIPTS.map(({ letters }, index) => `VSPLAB_TEST(Sequence${index}) { RunTraced("${letters}"); }`);
  driver = await compileText(scriptDriver([], `${TRACER}\n${tests.join('\n')}`));
}, COMPILE_TIMEOUT);

describe(`${SEQUENCES} random sequences`, () => {
  it('are worth running: every kind of letter, and most of the callbacks, occur', () => {
    const letters = new Set(SCRIPTS.flatMap((script) => [...script.letters]));
    const callbacks = new Set(SCRIPTS.flatMap((script) => script.callbacks));
    expect([...letters].sort().join('')).toBe([...new Set(LETTERS)].sort().join(''));
    expect(callbacks).toEqual(
      new Set(['Opened', 'Started', 'PostStarted', 'Suspend', 'Closed', 'ProcessPacket', 'CompletionRoutine']),
    );
  });

  it.each(SCRIPTS.map((script, index) => ({ ...script, name: `Sequence${index}` })))('$letters', (script) => {
    const run = driver.test(script.name, { modes: ['A-07=after'] });
    expect(run.end).toBe('completed');
    expect(run.breaches).toEqual(script.breaches);
    expect(run.output).toEqual([...script.lines, 'end']);
    const events = run.events();
    const end = events.findIndex((event) => event.api === 'VspLabIrql');
    const callbacks = events
      .slice(0, end)
      .filter((event) => event.kind === 3 && event.api !== 'EvtVmbChannelProcessingComplete')
      .map((event) => (event.api ?? '').replace(/^EvtVmb(Channel|Packet)/, ''));
    expect(unordered(callbacks)).toEqual(unordered(script.callbacks));
  });
});
