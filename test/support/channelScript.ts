/**
 * Channel scripts: one letter per call, run by one C interpreter, so that a table of cases compiles as one driver.
 *
 * E Enable  D Disable  S Start  P Pause  X Cleanup  o guest opens  c guest closes  f Opened fails from now on  F it succeeds again
 * s guest sends a packet  h ProcessPacket holds packets  H it completes them  k complete what is held  w a work item will complete it
 * p send a packet without, t with a completion wanted  a the guest completes all  n Enable that must fail  | mark
 */
import { CHANNEL_DRIVER } from './channelDriver.js';
import type { TestRun } from './driver.js';

const INTERPRETER = `
static IO_WORKITEM_ROUTINE CompleteInWorkItem;
static VOID CompleteInWorkItem(PDEVICE_OBJECT Device, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    CompleteHeld();
}

static VOID RunScript(BOOLEAN IsServer, PCSTR Script)
{
    VMBCHANNEL channel = MakeChannel(IsServer);
    PIO_WORKITEM item = IoAllocateWorkItem(VspLabDevice());
    ULONG number = 0;
    UCHAR byte = 1;
    BOOLEAN live = TRUE;
    for (; *Script != 0; Script++) {
        switch (*Script) {
        case 'E': VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel)); break;
        case 'n': VSPLAB_ASSERT(!NT_SUCCESS(VmbChannelEnable(channel))); break;
        case 'D': VmbChannelDisable(channel); break;
        case 'S': VmbChannelStart(channel); break;
        case 'P': VmbChannelPause(channel); break;
        case 'X': VmbChannelCleanup(channel); live = FALSE; break;
        case 'o': VspLabGuestOpenChannel(channel); break;
        case 'c': VspLabGuestCloseChannel(channel); break;
        case 'f': OpenedStatus = STATUS_UNSUCCESSFUL; break;
        case 'F': OpenedStatus = STATUS_SUCCESS; break;
        case 's': VSPLAB_ASSERT(VspLabGuestSend(channel, &byte, 1, TRUE) != 0); break;
        case 'h': InProcess = Hold; break;
        case 'H': InProcess = NULL; break;
        case 'k': CompleteHeld(); break;
        case 'w': IoQueueWorkItem(item, CompleteInWorkItem, DelayedWorkQueue, NULL); break;
        case 'p': VSPLAB_ASSERT_SUCCESS(SendPacket(channel, number++, 16, 0)); break;
        case 't': VSPLAB_ASSERT_SUCCESS(SendPacket(channel, number++, 16, 1)); break;
        case 'a': VspLabGuestCompleteAll(channel); break;
        case '|': VSPLAB_LOG("|"); VspLabIrql(); break;
        default: VSPLAB_ASSERT(!"no such letter"); break;
        }
    }
    if (live) {
        VspLabIrql();
        CompleteHeld();
        EndChannel(channel);
    }
    IoFreeWorkItem(item);
}
`;

export interface Script {
  readonly name: string;
  readonly server: boolean;
  readonly letters: string;
}

/** C source with one VSPLAB_TEST per script. */
export function scriptDriver(scripts: readonly Script[], extra = ''): string {
  const tests = scripts.map(
    ({ name, server, letters }) => `VSPLAB_TEST(${name}) { RunScript(${server ? 'TRUE' : 'FALSE'}, "${letters}"); }`,
  );
  return [CHANNEL_DRIVER, INTERPRETER, extra, ...tests].join('\n');
}

/** What happened between the script's last mark and its end: callbacks in order, and the channel's axes after it. */
export function afterMark(run: TestRun): { readonly callbacks: readonly string[]; readonly axes: string } {
  const events = run.events();
  const marks = events.flatMap((event, index) => (event.api === 'VspLabIrql' && event.kind === 1 ? [index] : []));
  const end = marks.length > 1 ? (marks.at(-1) ?? events.length) : events.length;
  const start = (marks.length > 1 ? marks.at(-2) : marks.at(-1)) ?? 0;
  const callbacks = events
    .slice(start, end)
    .filter((event) => event.kind === 3)
    .map((event) => (event.api ?? '?').replace(/^EvtVmb(Channel|Packet)/, ''));
  return { callbacks, axes: axesAt(run, end) };
}

/** Axis bits of the last STATE event before an index, in words: 'enabled open started'. */
function axesAt(run: TestRun, end: number): string {
  const states = run
    .events()
    .slice(0, end)
    .filter((event) => event.kind === 5);
  const bits = Number(states.at(-1)?.b ?? 0n);
  const words = [
    (bits & 1) !== 0 ? 'enabled' : 'disabled',
    (bits & 2) !== 0 ? 'open' : 'closed',
    (bits & 4) !== 0 ? 'started' : 'paused',
  ];
  return words.join(' ');
}
