/**
 * The channel state machine as data: kmcl-facts 4.3 (server) and 4.4 (client), over the axes of 4.2. Rows stand in the
 * sheet's order; `row` names them as the tests do. What no row covers is no transition: the caller answers for it.
 */

/** The axes of 4.2. */
export interface Axes {
  readonly enabled: boolean;
  readonly open: boolean;
  readonly started: boolean;
}

export type Trigger = 'enable' | 'disable' | 'start' | 'pause' | 'open' | 'close';

/**
 * What happens during a transition, in order. Callback names call the driver; `queueOn` lets the incoming queue run
 * (O2, O3); `drain` waits for delivered incoming packets (O6); `cancel` completes outgoing packets with a failure
 * (A-05).
 */
export type Step = 'Opened' | 'Started' | 'queueOn' | 'PostStarted' | 'Suspend' | 'drain' | 'cancel' | 'Closed';

export interface Transition {
  readonly row: string;
  readonly from: Partial<Axes>;
  readonly trigger: Trigger;
  readonly steps: readonly Step[];
  readonly to: Partial<Axes>;
}

const RUN: readonly Step[] = ['Started', 'queueOn', 'PostStarted'];

const DISABLED = { enabled: false } as const;
const WAITING_PAUSED = { enabled: true, open: false, started: false } as const;
const WAITING_STARTED = { enabled: true, open: false, started: true } as const;
const OPEN_PAUSED = { enabled: true, open: true, started: false } as const;
const ACTIVE = { enabled: true, open: true, started: true } as const;

export const SERVER_TRANSITIONS: readonly Transition[] = [
  {
    row: '4.3 Disabled, Enable',
    from: DISABLED,
    trigger: 'enable',
    steps: [],
    to: { enabled: true, open: false, started: false },
  },
  { row: '4.3 Enabled Closed Paused, Start', from: WAITING_PAUSED, trigger: 'start', steps: [], to: { started: true } },
  {
    row: '4.3 Enabled Closed Paused, open',
    from: WAITING_PAUSED,
    trigger: 'open',
    steps: ['Opened'],
    to: { open: true },
  },
  { row: '4.3 Started, open', from: WAITING_STARTED, trigger: 'open', steps: ['Opened', ...RUN], to: { open: true } },
  { row: '4.3 Paused, Start', from: OPEN_PAUSED, trigger: 'start', steps: RUN, to: { started: true } },
  { row: '4.3 Active, Pause', from: ACTIVE, trigger: 'pause', steps: ['Suspend', 'drain'], to: { started: false } },
  {
    row: '4.3 Active, close',
    from: ACTIVE,
    trigger: 'close',
    steps: ['Suspend', 'drain', 'cancel', 'Closed'],
    to: { open: false },
  },
  { row: '4.3 Paused, close', from: OPEN_PAUSED, trigger: 'close', steps: ['cancel', 'Closed'], to: { open: false } },
  {
    row: '4.3 Active, Disable',
    from: ACTIVE,
    trigger: 'disable',
    steps: ['Suspend', 'drain', 'cancel', 'Closed'],
    to: { enabled: false, open: false, started: false },
  },
  {
    row: '4.3 Paused, Disable',
    from: OPEN_PAUSED,
    trigger: 'disable',
    steps: ['cancel', 'Closed'],
    to: { enabled: false, open: false, started: false },
  },
  {
    row: '4.3 Enabled/Started Closed, Disable',
    from: { enabled: true, open: false },
    trigger: 'disable',
    steps: ['cancel'],
    to: { enabled: false, started: false },
  },
  // Not a row of the sheet: the inverse of "Enabled, Closed, Paused + Start".
  { row: '4.3 Started, Pause', from: WAITING_STARTED, trigger: 'pause', steps: [], to: { started: false } },
];

export const CLIENT_TRANSITIONS: readonly Transition[] = [
  { row: '4.4 Disabled, Enable', from: DISABLED, trigger: 'enable', steps: [], to: { enabled: true, open: false } },
  { row: '4.4 Enabled Paused, offer', from: WAITING_PAUSED, trigger: 'open', steps: ['Opened'], to: { open: true } },
  { row: '4.4 Enabled, offer', from: WAITING_STARTED, trigger: 'open', steps: ['Opened', ...RUN], to: { open: true } },
  { row: '4.4 Paused, Start', from: OPEN_PAUSED, trigger: 'start', steps: RUN, to: { started: true } },
  { row: '4.4 Active, Pause', from: ACTIVE, trigger: 'pause', steps: ['Suspend', 'drain'], to: { started: false } },
  {
    row: '4.4 Active, rescind',
    from: ACTIVE,
    trigger: 'close',
    steps: ['Suspend', 'drain', 'cancel', 'Closed'],
    to: { enabled: false, open: false, started: true },
  },
  {
    row: '4.4 Active, Disable',
    from: ACTIVE,
    trigger: 'disable',
    steps: ['Suspend', 'drain', 'cancel', 'Closed'],
    to: { enabled: false, open: false, started: true },
  },
  {
    row: '4.4 Paused, rescind',
    from: OPEN_PAUSED,
    trigger: 'close',
    steps: ['cancel', 'Closed'],
    to: { enabled: false, open: false, started: true },
  },
  {
    row: '4.4 Paused, Disable',
    from: OPEN_PAUSED,
    trigger: 'disable',
    steps: ['cancel', 'Closed'],
    to: { enabled: false, open: false, started: true },
  },
  {
    row: '4.4 Enabled waiting, Disable',
    from: { enabled: true, open: false },
    trigger: 'disable',
    steps: ['cancel'],
    to: { enabled: false, started: true },
  },
  { row: '4.4 Enabled waiting, Start', from: WAITING_PAUSED, trigger: 'start', steps: [], to: { started: true } },
  { row: '4.4 Enabled waiting, Pause', from: WAITING_STARTED, trigger: 'pause', steps: [], to: { started: false } },
];

/** The row that answers, if any. */
export function findTransition(server: boolean, axes: Axes, trigger: Trigger): Transition | undefined {
  return (server ? SERVER_TRANSITIONS : CLIENT_TRANSITIONS).find(
    (row) =>
      row.trigger === trigger &&
      (row.from.enabled ?? axes.enabled) === axes.enabled &&
      (row.from.open ?? axes.open) === axes.open &&
      (row.from.started ?? axes.started) === axes.started,
  );
}

/** Published names of 4.2, for messages. */
export function stateName(server: boolean, axes: Axes): string {
  if (!axes.enabled) {
    return 'Disabled';
  }
  if (axes.open) {
    return axes.started ? 'Active' : 'Paused';
  }
  return server && axes.started ? 'Started' : 'Enabled';
}
