/**
 * Roles that at most one tab of a site holds at a time: leading (sending, and the socket), and the stage (showing).
 * The browser's lock manager hands a role on the moment that its holder is gone; without one, tabs share a lease in storage.
 */

import type { Scope } from './scope';
import type { Store } from './store';

export interface Role {
  readonly held: () => boolean;
  /** Asks for the role; it may come at once, later, or never. */
  want(): void;
  release(): void;
}

export interface RoleParts {
  readonly scope: Scope;
  readonly store: Store;
  readonly tab: string;
  /** Distinguishes companies on one origin. */
  readonly site: string;
  readonly locks?: LockManager;
  readonly now?: () => number;
}

const LEASE_MS = 3000;
const RENEW_MS = 1000;

export function createRole(name: string, parts: RoleParts, changed: (held: boolean) => void): Role {
  const { scope, store, locks } = parts;
  const tell = scope.guard(changed);
  if (locks) return lockRole(`${parts.site}${name}`, locks, scope, tell, () => aloneRole(tell));
  return store.shared ? leaseRole(`l:${name}`, parts, tell) : aloneRole(tell);
}

function lockRole(name: string, locks: LockManager, scope: Scope, tell: (held: boolean) => void, fallback: () => Role): Role {
  let wish: AbortController | undefined;
  let letGo: (() => void) | undefined;
  let other: Role | undefined;
  const release = (): void => {
    wish?.abort();
    letGo?.();
    wish = letGo = undefined;
    other?.release();
  };
  scope.own(release);
  return {
    held: () => !!letGo || !!other?.held(),
    release,
    want() {
      if (other) return other.want();
      if (wish) return;
      const mine = (wish = new AbortController());
      const hold = (): Promise<void> | void => {
        if (mine !== wish) return;
        return new Promise<void>((done) => {
          letGo = () => (done(), tell(false));
          tell(true);
        });
      };
      // A browser that forbids locks here (blocked storage) leaves each tab on its own.
      locks.request(name, { signal: mine.signal }, hold).catch(() => {
        if (mine !== wish) return;
        other = fallback();
        other.want();
      });
    },
  };
}

function leaseRole(key: string, { scope, store, tab, now = Date.now }: RoleParts, tell: (held: boolean) => void): Role {
  let wanted = false;
  let held = false;
  const holder = (): string | null => {
    const [who, until] = (store.get(key) ?? '').split(' ');
    return who && +until! > now() ? who : null;
  };
  const set = (next: boolean): void => {
    if (held !== next) tell((held = next));
  };
  /** A lease counts from the second look on: two tabs that wrote at once have then seen who was last. */
  const renew = (): void => {
    const who = wanted ? holder() : '';
    set(who === tab);
    if (who === tab || who === null) store.set(key, `${tab} ${now() + LEASE_MS}`);
  };
  const release = (): void => {
    wanted = false;
    if (holder() === tab) store.remove(key);
    set(false);
  };
  scope.every(RENEW_MS, renew);
  scope.own(release);
  return {
    held: () => held && holder() === tab,
    release,
    want() {
      if (wanted) return;
      wanted = true;
      renew();
      scope.after(50, renew);
    },
  };
}

/** No way to speak with other tabs: each acts for itself, and the servers' ids keep things single. */
function aloneRole(tell: (held: boolean) => void): Role {
  let held = false;
  const set = (next: boolean): void => {
    if (held !== next) tell((held = next));
  };
  return { held: () => held, want: () => set(true), release: () => set(false) };
}
