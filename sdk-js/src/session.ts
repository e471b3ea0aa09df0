/** The visit that an event belongs to: shared by all tabs, over after half an hour without an event. */

import { uuid7 } from './ids';
import type { Store } from './store';

export const SESSION = 'session';
const IDLE_MS = 30 * 60_000;

/** The current session's id; asking for it keeps the session alive. */
export function sessionId(store: Store, now = Date.now()): string {
  const [id, seenAt = 0] = store.read<[string, number]>(SESSION) ?? [];
  const current = id && now - seenAt < IDLE_MS ? id : uuid7();
  store.save(SESSION, [current, now]);
  return current;
}
