/**
 * Roles that at most one tab of a site holds at a time: leading (sending, and the socket), and the stage (showing).
 * The browser's lock manager hands a role on the moment that its holder is gone; without one, tabs share a lease in storage.
 */

import { uuid7 } from './ids';
import { type Scope, guard } from './scope';
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
  const key = `l:${name}`;
  const tab = uuid7();
  /** Ends the wish, or the holding. */
  let wish: AbortController | undefined;
  let told = false;
  // Browsers have locks for secure pages only, and refuse them where storage is forbidden.
  let { locks } = navigator as { locks?: LockManager };

  /** Where storage is not shared either, each tab has its own lease: it acts alone, and ids keep things single. */
  const holder = (): string | undefined => {
    const [who, until = 0] = store.read<[string, number]>(key) ?? [];
    return until > Date.now() ? who : undefined;
  };
  const tell = (held: boolean): void => {
    if (told !== held) guard(changed)((told = held));
  };
  const renew = (): void => {
    if (!wish || locks) return;
    const who = holder();
    tell(who === tab);
    if (!who || who === tab) store.save(key, [tab, Date.now() + LEASE_MS]);
  };
  const want = (): void => {
    if (wish) return;
    const mine = (wish = new AbortController());
    const { signal } = mine;
    const hold = (): Promise<void> =>
      new Promise((done) => {
        if (signal.aborted) return done();
        signal.onabort = () => done();
        tell(true);
      });
    locks?.request(site + name, { signal }, hold).catch(() => {
      if (mine !== wish) return;
      locks = wish = undefined;
      want();
    });
    renew();
    scope.wait(SETTLE_MS, renew);
  };
  const release = (): void => {
    wish?.abort();
    wish = undefined;
    if (holder() === tab) store.forget(key);
    tell(false);
  };
  scope.pulse(RENEW_MS, renew);
  scope.own(release);
  return { held: () => told && (!!locks || holder() === tab), want, release };
}
