/**
 * Events on their way to the server. An event stays here until a 2xx was seen for it, over page loads and in all tabs;
 * the queue is bounded by count, size and age, drops its oldest first, and counts what it drops.
 */

import { timeOf } from './ids';
import type { Store } from './store';
import type { WireEvent } from './wire';

export interface Limits {
  readonly events: number;
  /** Bytes of JSON. */
  readonly bytes: number;
  /** Milliseconds. */
  readonly age: number;
}

export const LIMITS: Limits = { events: 1000, bytes: 1e6, age: 7 * 24 * 3600_000 };

/** An event above this many bytes of JSON is never queued: no request could carry it. */
export const MAX_EVENT_BYTES = 30_000;

/** Why events were lost: too many waiting, too old, refused by the server, or too large for any request. */
export type Dropped = Record<'overflow' | 'expired' | 'rejected' | 'tooLarge', number>;

export interface Queue {
  readonly dropped: Dropped;
  add(event: WireEvent): void;
  /** The oldest events of one user that are not among `except`; at least one if any wait. */
  take(wish: Wish): WireEvent[];
  remove(events: readonly WireEvent[], reason?: keyof Dropped): void;
  trim(now: number): void;
  count(own?: boolean): number;
  /** Forgets all, or only one user's; those that happened before their user was known are nobody's: ''. */
  clear(user?: string): void;
}

export interface Wish {
  readonly events: number;
  readonly bytes: number;
  /** Only what no other tab can send. */
  readonly own: boolean;
  /** Stands in for events that happened before the user was known. */
  readonly userId: string;
  readonly except: ReadonlySet<string>;
}

const PREFIX = 'e:';

export function createQueue(store: Store, limits: Limits = LIMITS): Queue {
  const dropped: Dropped = { overflow: 0, expired: 0, rejected: 0, tooLarge: 0 };
  const keys = (own?: boolean): string[] => store.names(PREFIX, own);
  const waiting = (own?: boolean): WireEvent[] => keys(own).flatMap((key) => store.read<WireEvent>(key) ?? (store.forget(key), []));
  const remove: Queue['remove'] = (events, reason) => {
    for (const { event_id } of events) store.forget(PREFIX + event_id);
    if (reason) dropped[reason] += events.length;
  };

  return {
    dropped,
    remove,
    add(event) {
      if (bytesOf(event) > MAX_EVENT_BYTES) dropped.tooLarge++;
      else store.save(PREFIX + event.event_id, event);
    },
    take({ events, bytes, own, userId, except }) {
      const mine = waiting(own)
        .filter(({ event_id }) => !except.has(event_id))
        .map((event) => ({ ...event, user_id: event.user_id || userId }))
        .filter(({ user_id }, _, [first]) => user_id === first!.user_id);
      return mine.slice(0, Math.max(1, fitting(mine, events, bytes)));
    },
    trim(now) {
      const all = waiting();
      const young = all.filter(({ event_id }) => now - timeOf(event_id) <= limits.age).reverse();
      remove(all.slice(0, all.length - young.length), 'expired');
      remove(young.slice(fitting(young, limits.events, limits.bytes)), 'overflow');
    },
    count: (own) => keys(own).length,
    clear: (user) => remove(waiting().filter(({ user_id }) => user_id === (user ?? user_id))),
  };
}

/** How many of these, from the first on, stay within both bounds. */
export function fitting(events: readonly WireEvent[], most: number, bytes: number): number {
  let total = 0;
  const over = events.findIndex((event, index) => index >= most || (total += bytesOf(event)) > bytes);
  return over < 0 ? events.length : over;
}

export const bytesOf = (value: unknown): number => new Blob([JSON.stringify(value)]).size;
