/** Rules of a channel's configuration and state that paths decide (kmcl-facts 4.6, 7.1, 7.2). */
import type { Position } from '../../run/report.js';
import type { RuleId } from '../catalogue.js';
import { CHANNEL_CONSTANTS } from './channelConstants.js';
import type { Check, LibraryCall, Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import type { Role } from './flow/roles.js';
import { PathKey } from './flow/state.js';
import type { Region, Value } from './flow/values.js';
import { hasRole, Ignored, isKept, isParameter, mayFail, operandNumber, regionOf } from './helpers.js';

interface Channel {
  readonly region: Region;
  /** Answer of the call that allocated it, where that was on this path. */
  readonly allocated: Value | undefined;
  readonly place: Position | undefined;
  readonly isServer: boolean | undefined;
  /** Names of the setting calls so far. */
  readonly settings: ReadonlyMap<string, Position | undefined>;
  readonly enabled: { readonly status: Value | undefined; readonly place: Position | undefined } | undefined;
  readonly cleaned: Position | undefined;
}

const CHANNELS = new PathKey<ReadonlyMap<number, Channel>>(new Map());
/** Statuses that somebody has to look at, with the rule that says so. */
const STATUSES = new PathKey<
  readonly {
    readonly rule: RuleId;
    readonly name: string;
    readonly status: Value;
    readonly place: Position | undefined;
  }[]
>([]);

const INIT = /^Vmb(?:Server|Client)?ChannelInitSet/;
const CHANNEL_CALL = /^Vmb(?:Server|Client)?Channel(?!Packet|Allocate$)/;
const SERVER_ONLY =
  /^(?:VmbServerChannel|VmbChannel(?:MapGpadl|UnmapGpadl|RestoreFromBuffer|SaveBegin|SaveContinue|SaveEnd)$)/;
const CLIENT_ONLY = /^(?:VmbClientChannel|VmbChannel(?:Create|Delete)Gpadl)/;
const STATE_ROLES: readonly Role[] = ['opened', 'closed', 'suspend', 'started', 'postStarted'];
const CALLBACK_ROLES: readonly Role[] = [
  ...STATE_ROLES,
  'processPacket',
  'processingComplete',
  'completion',
  'savePacket',
  'restorePacket',
];

/** Set before a server's channel is enabled, and what is missing without. */
const NEEDED: readonly {
  readonly rule: RuleId;
  readonly names: RegExp;
  readonly isServers: boolean;
  readonly what: string;
}[] = [
  {
    rule: 'init-process-callback',
    names: /^VmbChannelInitSetProcessPacketCallbacks/,
    isServers: false,
    what: 'no ProcessPacket callback',
  },
  {
    rule: 'init-vmbus-handle',
    names: /^VmbServerChannelInitSetVmbusHandle$/,
    isServers: true,
    what: 'no VMBus handle',
  },
  {
    rule: 'init-target-ids',
    names: /^VmbServerChannelInitSetTargetInterfaceId$/,
    isServers: true,
    what: 'no interface type and instance',
  },
];

const FAMILIES: readonly string[] = [
  'VmbChannelInitSetProcessPacketCallbacks',
  'VmbServerChannelInitSetSaveRestorePacketCallbacks',
];

export function channelCheck(): Check {
  return new Channels();
}

class Channels implements Check {
  readonly #ignored = new Ignored();

  call(call: LibraryCall, path: Path): void {
    const { name, place } = call;
    inCallbacks(call, path);
    for (const { rule, test } of CHANNEL_CONSTANTS.get(name) ?? []) {
      const message = test((index) => operandNumber(call, index, path));
      if (message !== undefined) path.report(rule, place, message);
    }
    if (/SetSaveRestorePacketCallbacks(?:Ex)?$/.test(name)) callbacks(call, path);
    if (name === 'VmbChannelInitSetStateChangeCallbacks') structure(call, path);
    if (!CHANNEL_CALL.test(name)) return;
    const channel = channelOf(call.operands[0], path);
    if (channel === undefined) return;
    used(channel, call, path);
    if (INIT.test(name)) setting(channel, call, path);
    if (name === 'VmbChannelEnable') enabling(channel, call, path);
    if (name === 'VmbChannelSetPointer') pointerSet(channel, call, path);
    if (name === 'VmbChannelDisable') put(path, { ...channel, enabled: undefined });
    if (name === 'VmbChannelCleanup') cleanup(channel, call, path);
  }

  returned(call: LibraryCall, result: Value | undefined, path: Path): void {
    const { name, operands } = call;
    const place = path.position(call.place);
    if (result !== undefined && INIT.test(name)) look(path, 'init-status-checked', name, result, place);
    if (name === 'VmbChannelEnable' && result !== undefined) {
      look(path, 'state-enable-checked', name, result, place);
      const channel = channelOf(operands[0], path);
      if (channel !== undefined) put(path, { ...channel, enabled: { status: result, place } });
    }
    if (name === 'VmbChannelAllocate') {
      const target = path.pointer(operands[2]);
      const stored =
        target === undefined ? undefined : path.state.memory.read(target.region, target.offset, 8, path.values, 64);
      const region = typeof stored === 'object' ? regionOf(stored, path) : undefined;
      const isServer = operandNumber(call, 1, path);
      if (region === undefined) return;
      put(path, {
        ...NEW,
        region,
        allocated: result,
        place,
        isServer: isServer === undefined ? undefined : isServer !== 0n,
      });
    }
  }

  end(result: Value | undefined, path: Path): void {
    for (const { rule, name, status, place } of path.state.get(STATUSES))
      this.#ignored.note(rule, name, status, place, path);
    if (result === undefined || result.bits !== 32 || !mayFail(result, path)) return;
    const reached = path.state.reachable(undefined);
    for (const channel of path.state.get(CHANNELS).values()) lost(channel, reached, path);
  }

  finish(report: (found: Reported) => void): void {
    this.#ignored.finish(report);
  }
}

const NEW = {
  allocated: undefined,
  place: undefined,
  isServer: undefined,
  settings: new Map<string, Position | undefined>(),
  enabled: undefined,
  cleaned: undefined,
};

function put(path: Path, channel: Channel): void {
  path.state.set(CHANNELS, new Map(path.state.get(CHANNELS)).set(channel.region.id, channel));
}

function channelOf(value: Value | undefined, path: Path): Channel | undefined {
  const region = regionOf(value, path);
  return region === undefined ? undefined : (path.state.get(CHANNELS).get(region.id) ?? { ...NEW, region });
}

function look(path: Path, rule: RuleId, name: string, status: Value, place: Position | undefined): void {
  path.state.set(STATUSES, [...path.state.get(STATUSES), { rule, name, status, place }]);
}

function isEnabled({ enabled }: Channel, path: Path): boolean {
  return enabled !== undefined && (enabled.status === undefined || path.succeeded(enabled.status) !== false);
}

/**
 * What callbacks must not do: the library waits for them. The header forbids starting and pausing in state callbacks
 * outright; that of disabling and cleaning up is because they wait for the channel's own callbacks (kmcl-facts 4.6), so
 * that another channel may be ended there.
 */
function inCallbacks({ name, operands, place }: LibraryCall, path: Path): void {
  const isOwn = isParameter(path.pointer(operands[0]), 0, path);
  if (hasRole(path, ...STATE_ROLES) && (name === 'VmbChannelStart' || name === 'VmbChannelPause')) {
    const why = isOwn ? 'waits for that very callback' : 'is not allowed, whichever channel it is for';
    path.report('state-no-startpause-in-cb', place, `${name} inside a state callback ${why}`);
  }
  const isEnding = name === 'VmbChannelDisable' || name === 'VmbChannelCleanup';
  // A completion routine is not told its channel and must not wait at all.
  if (isEnding && hasRole(path, ...CALLBACK_ROLES) && (isOwn || hasRole(path, 'completion')))
    path.report('state-no-disable-in-cb', place, `${name} inside a callback waits for that very callback`);
  if (hasRole(path, 'started') && name === 'VmbChannelSendSynchronousRequest')
    path.report('state-started-nonblocking', place, 'waits for the peer before the incoming queue is on');
}

function used(channel: Channel, { name, place }: LibraryCall, path: Path): void {
  const { cleaned, allocated, isServer } = channel;
  if (cleaned !== undefined) {
    path.report('state-no-use-after-cleanup', place, `${name} of a channel that was cleaned up before`, [
      path.remark('cleaned up', cleaned),
    ]);
    return;
  }
  // Comparing the handle with NULL says as much as the status where it was NULL before.
  const isThere = channel.region.address !== undefined && path.isNull(channel.region.address) === false;
  if (allocated !== undefined && !isThere && path.succeeded(allocated) !== true) {
    path.report('init-alloc-checked', place, `${name} gets the channel, and VmbChannelAllocate may have failed`, [
      path.remark('allocated', channel.place),
    ]);
    // Said once: from here on it is there.
    path.state.facts.assumeCompare('sge', allocated, path.values.constant(0n, allocated.bits), true, path.values);
  }
  if (isServer === false && SERVER_ONLY.test(name))
    path.report(
      'init-server-only-on-server',
      place,
      `${name} is for servers; this channel was allocated with IsServer FALSE`,
    );
  if (isServer === true && CLIENT_ONLY.test(name))
    path.report(
      'init-client-only-on-client',
      place,
      `${name} is for clients; this channel was allocated with IsServer TRUE`,
    );
}

function setting(channel: Channel, { name, place }: LibraryCall, path: Path): void {
  if (isEnabled(channel, path)) {
    path.report('init-before-enable', place, `${name} after VmbChannelEnable: the setting is not applied`, [
      path.remark('enabled', channel.enabled?.place),
    ]);
  }
  const family = FAMILIES.find((plain) => name === plain || name === `${plain}Ex`);
  const other = family === undefined ? undefined : name === family ? `${family}Ex` : family;
  if (other !== undefined && channel.settings.has(other)) {
    path.report('init-callbacks-one-family', place, `${name} replaces what ${other} has registered`, [
      path.remark('registered', channel.settings.get(other)),
    ]);
  }
  put(path, { ...channel, settings: new Map(channel.settings).set(name, path.position(place)) });
}

/** Only of a channel whose whole way from its allocation is known. */
function enabling(channel: Channel, { place }: LibraryCall, path: Path): void {
  if (channel.allocated === undefined || path.state.escaped.has(channel.region.id)) return;
  for (const { rule, names, isServers, what } of NEEDED) {
    if (isServers && channel.isServer !== true) continue;
    if ([...channel.settings.keys()].some((name) => names.test(name))) continue;
    path.report(rule, place, `this channel has ${what} when it is enabled`, [path.remark('allocated', channel.place)]);
  }
}

function pointerSet(channel: Channel, { place }: LibraryCall, path: Path): void {
  const { enabled, allocated, settings } = channel;
  if (
    enabled !== undefined &&
    allocated !== undefined &&
    isEnabled(channel, path) &&
    !settings.has('VmbChannelSetPointer')
  ) {
    path.report(
      'init-context-before-enable',
      place,
      'callbacks may have run without this pointer since the channel was enabled',
      [path.remark('enabled', enabled.place)],
    );
  }
  put(path, { ...channel, settings: new Map(settings).set('VmbChannelSetPointer', path.position(place)) });
}

function cleanup(channel: Channel, { place }: LibraryCall, path: Path): void {
  if (isEnabled(channel, path)) {
    path.report('state-disable-before-cleanup', place, 'this channel is still enabled: VmbChannelDisable comes first', [
      path.remark('enabled', channel.enabled?.place),
    ]);
  }
  put(path, { ...channel, enabled: undefined, cleaned: path.position(place) });
}

function lost({ region, allocated, cleaned, place }: Channel, reached: ReadonlySet<number>, path: Path): void {
  if (allocated === undefined || path.succeeded(allocated) !== true || cleaned !== undefined) return;
  // A handle that is NULL comes from a call that failed.
  if (region.address !== undefined && path.isNull(region.address) === true) return;
  if (reached.has(region.id) || isKept(region, path)) return;
  path.report('init-error-cleanup', place, 'this channel is not cleaned up on the way to a failure', [
    path.remark('returns here', path.position(path.state.exit)),
  ]);
}

/** One of the two without the other. */
function callbacks({ name, operands, place }: LibraryCall, path: Path): void {
  const [save, restore] = operands.slice(-2);
  if (save === undefined || restore === undefined) return;
  const [noSave, noRestore] = [path.isNull(save), path.isNull(restore)];
  if ((noSave === true) === (noRestore === true)) return;
  const missing = noSave === true ? 'save' : 'restore';
  path.report(
    'save-callbacks-registered',
    place,
    `${name} without a ${missing} callback: what one writes the other has to read`,
  );
}

const VERSION_BYTES = 4;
/** kmcl-facts 1.4: version and size of the structure. */
const STRUCTURES = new Map([
  [1n, 48n],
  [5n, 56n],
]);

function structure({ operands, place }: LibraryCall, path: Path): void {
  const pointer = path.pointer(operands[1]);
  if (pointer === undefined || pointer.index !== undefined || pointer.region.kind !== 'local') return;
  const { memory } = path.state;
  const word = (at: number): Value | 'uninitialised' | undefined =>
    memory.read(pointer.region, pointer.offset + at, VERSION_BYTES, path.values, 32);
  const [version, size] = [word(0), word(VERSION_BYTES)];
  const number = (value: Value | 'uninitialised' | undefined): bigint | undefined =>
    typeof value === 'object' ? path.number(value) : undefined;
  const known = number(version);
  if (version !== 'uninitialised' && (known === undefined || STRUCTURES.get(known) === number(size))) return;
  const what =
    version === 'uninitialised' ? 'was never initialised' : `has version ${known} and size ${number(size) ?? '?'}`;
  path.report('init-statecb-helper', place, `the structure ${what}: VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT sets both`);
}
