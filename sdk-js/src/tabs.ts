/**
 * Roles that at most one tab of a site holds at a time: leading (sending, and the socket), and the stage (showing).
 * The browser's lock manager hands a role on the moment that its holder is gone; without one, tabs share a lease in storage.
 */

import { uuid7 } from './ids';
import type { Scope } from './scope';
import type { Store } from './store';

export interface Role {
  readonly held: () => boolean;
  /** Asks for the role; it may come soon, later, or never. */
  want(): void;
  release(): void;
}

const LEASE_MS = 3000;
const RENEW_MS = 1000;
/** Two tabs that wrote at once have seen after this who was last. */
const SETTLE_MS = 50;

/** @param site distinguishes companies on one origin. */
export function createRole(name: string, site: string, scope: Scope, store: Store, changed: (held: boolean) => void): Role {
  const tell = scope.guard(changed);
  // Browsers have locks for secure pages only, and refuse them where storage is forbidden.
  let role = navigator.locks ? lockRole(site + name, tell, () => (role = lease()).want()) : lease();
  function lease(): Role {
    return leaseRole(`l:${name}`, scope, store, tell);
  }
  scope.own(() => role.release());
  return { held: () => role.held(), want: () => role.want(), release: () => role.release() };
}

function lockRole(name: string, tell: (held: boolean) => void, refused: () => void): Role {
  let wish: AbortController | undefined;
  let letGo: (() => void) | undefined;
  return {
    held: () => !!letGo,
    release() {
      wish?.abort();
      letGo?.();
      wish = letGo = undefined;
    },
    want() {
      if (wish) return;
      const mine = (wish = new AbortController());
      const hold = (): Promise<void> | undefined =>
        mine === wish
          ? new Promise((done) => {
              letGo = () => (done(), tell(false));
              tell(true);
            })
          : undefined;
      navigator.locks.request(name, { signal: mine.signal }, hold).catch(() => mine === wish && refused());
    },
  };
}

/** Where storage is not shared either, each tab has its own lease: it acts alone, and ids keep things single. */
function leaseRole(key: string, scope: Scope, store: Store, tell: (held: boolean) => void): Role {
  const tab = uuid7();
  let wanted = false;
  let told = false;
  const holder = (): string | undefined => {
    const [who, until = 0] = store.read<[string, number]>(key) ?? [];
    return until > Date.now() ? who : undefined;
  };
  const set = (held: boolean): void => {
    if (told !== held) tell((told = held));
  };
  const renew = (): void => {
    if (!wanted) return;
    const who = holder();
    set(who === tab);
    if (!who || who === tab) store.write(key, [tab, Date.now() + LEASE_MS]);
  };
  scope.every(RENEW_MS, renew);
  return {
    held: () => told && holder() === tab,
    release() {
      wanted = false;
      if (holder() === tab) store.remove(key);
      set(false);
    },
    want() {
      wanted = true;
      renew();
      scope.after(SETTLE_MS, renew);
    },
  };
}
