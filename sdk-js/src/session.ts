/** The visit that an event belongs to: shared by all tabs, over after half an hour without an event. */

import { uuid7 } from './ids';
import type { Store } from './store';

export interface Session {
  /** The current session's id; being asked for keeps it alive. */
  id(): string;
  renew(): void;
}

const KEY = 'session';
const IDLE_MS = 30 * 60_000;
/** Storage is not written for every event. */
const WRITE_MS = 10_000;

export function createSession(store: Store, given?: string, now: () => number = Date.now): Session {
  let fixed = given;
  const begin = (id: string): string => {
    store.set(KEY, `${id} ${now()}`);
    return id;
  };
  return {
    id() {
      if (fixed) return fixed;
      const [id, seen] = (store.get(KEY) ?? '').split(' ');
      const idle = now() - +(seen ?? 0);
      if (!id || !(idle < IDLE_MS)) return begin(uuid7());
      return idle > WRITE_MS ? begin(id) : id;
    },
    renew() {
      fixed = undefined;
      begin(uuid7());
    },
  };
}
