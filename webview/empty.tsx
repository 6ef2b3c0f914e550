/** What stands where there is nothing to show: why, and what to do. */
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons.js';
import type { Store } from './store.js';

export type EmptyReason = 'loading' | 'untrusted' | 'running' | 'not-run' | 'no-runs' | 'lost';

/** Null: there is a run to show. */
export function emptyReason(store: Store): EmptyReason | null {
  const drivers = store.drivers.value;
  if (drivers === null) return 'loading';
  if (store.run.value !== null) return null;
  if (store.progress.value.running) return 'running';
  const driver = store.driver.value;
  if (driver !== null) return driver.pack.summary.runs > 0 ? 'lost' : 'no-runs';
  return store.canRun.value || !store.source.live ? 'not-run' : 'untrusted';
}

interface EmptyPageProps {
  readonly store: Store;
  readonly reason: EmptyReason;
}

export function EmptyPage(props: EmptyPageProps) {
  return (
    <main class="lists" data-region>
      <Reason {...props} />
    </main>
  );
}

function Reason({ store, reason }: EmptyPageProps) {
  if (reason === 'loading') return null;
  if (reason === 'untrusted') {
    return (
      <Empty icon="shield" title="This workspace is not trusted">
        Running callbacks executes the driver's code. Trust the workspace (Manage Workspace Trust) to see packet
        buffers.
      </Empty>
    );
  }
  if (reason === 'running') {
    return (
      <Empty icon="beaker" title="First run">
        {store.progress.value.text || 'Compiling and running the callbacks.'}
      </Empty>
    );
  }
  return (
    <Empty
      icon="beaker"
      title={TEXTS[reason].title}
      action={store.source.live && store.canRun.value ? { text: 'Run callbacks', run: () => store.runDriver() } : null}
    >
      {TEXTS[reason].text}
    </Empty>
  );
}

const TEXTS: Readonly<Record<'not-run' | 'no-runs' | 'lost', { readonly title: string; readonly text: string }>> = {
  'not-run': {
    title: 'No packet buffers yet',
    text: 'Open a driver with save and restore callbacks and choose Run above one of them.',
  },
  'no-runs': {
    title: 'Nothing in this driver can be run',
    text: 'It has neither save and restore callbacks nor a VSPLAB_TEST.',
  },
  lost: {
    title: 'The last report was too large to keep',
    text: 'A report of more than 24 MB ends with its window. Run the callbacks again to see it.',
  },
};

export interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly action?: { readonly text: string; readonly run: () => void } | null;
  readonly children: ComponentChildren;
}

export function Empty({ icon, title, action, children }: EmptyProps) {
  return (
    <div class="nothing">
      <Icon name={icon} />
      <div>
        <p class="nothing-title">{title}</p>
        <p>{children}</p>
        {action && (
          <button type="button" class="primary" onClick={action.run}>
            {action.text}
          </button>
        )}
      </div>
    </div>
  );
}
