/**
 * Events on their way to the server. An event stays here until a 2xx was seen for it, over page loads and in all tabs;
 * the queue is bounded by count, size and age, drops its oldest first, and counts what it drops.
 */

import { timeOf } from './ids';
import type { Store } from './store';
import type { WireEvent } from './wire';

export interface Limits {
  readonly events: number;
  /** UTF-16 units of stored JSON. */
  readonly size: number;
  /** Milliseconds. */
  readonly age: number;
}

export const LIMITS: Limits = { events: 1000, size: 1_000_000, age: 7 * 24 * 3600_000 };

/** An event above this many bytes of JSON is never queued: no request could carry it. */
export const MAX_EVENT_BYTES = 30_000;

/** Why events were lost: too many waiting, too old, refused by the server, or too large for any request. */
export type Dropped = Record<'overflow' | 'expired' | 'rejected' | 'tooLarge', number>;

export interface Batch {
  readonly ids: readonly string[];
  readonly events: readonly WireEvent[];
}

export interface Queue {
  readonly dropped: Dropped;
  add(event: WireEvent): void;
  /** The oldest events of one user, at least one if any wait. With `own`, only those that no other tab can send. */
  take(options: TakeOptions): Batch;
  remove(ids: readonly string[], reason?: keyof Dropped): void;
  trim(now: number): void;
  count(): number;
  /** Forgets all, or only events that happened before their user was known. */
  clear(unknownOnly?: boolean): void;
}

export interface TakeOptions {
  readonly events: number;
  readonly bytes: number;
  readonly own: boolean;
  /** Stands in for events that happened before the user was known. */
  readonly userId: string;
  readonly except: ReadonlySet<string>;
}

const PREFIX = 'e:';

export function createQueue(store: Store, limits: Limits = LIMITS): Queue {
  const dropped: Dropped = { overflow: 0, expired: 0, rejected: 0, tooLarge: 0 };
  const remove: Queue['remove'] = (ids, reason) => {
    for (const id of ids) store.remove(PREFIX + id);
    if (reason) dropped[reason] += ids.length;
  };
  const waiting = (own = false): string[] => store.keys(PREFIX, own).map((key) => key.slice(PREFIX.length));
  const load = (id: string): WireEvent | undefined => {
    const event = parse(store.get(PREFIX + id));
    if (!event) remove([id]);
    return event;
  };

  return {
    dropped,
    remove,
    add(event) {
      const json = JSON.stringify(event);
      if (byteLength(json) > MAX_EVENT_BYTES) dropped.tooLarge++;
      else store.set(PREFIX + event.event_id, json);
    },
    take({ events: most, bytes, own, userId, except }) {
      const events: WireEvent[] = [];
      let size = 0;
      for (const id of waiting(own)) {
        const stored = except.has(id) || events.length >= most ? undefined : load(id);
        if (!stored) continue;
        const event = { ...stored, user_id: stored.user_id || userId };
        if (event.user_id !== (events[0] ?? event).user_id) continue;
        size += byteLength(JSON.stringify(event));
        if (events.length && size > bytes) break;
        events.push(event);
      }
      return { ids: events.map((event) => event.event_id), events };
    },
    trim(now) {
      const ids = waiting();
      const old = ids.filter((id) => now - timeOf(id) > limits.age);
      remove(old, 'expired');
      remove(surplus(ids.slice(old.length), (id) => store.get(PREFIX + id)?.length ?? 0, limits), 'overflow');
    },
    count: () => waiting().length,
    clear: (unknownOnly) => remove(waiting().filter((id) => !unknownOnly || !load(id)?.user_id)),
  };
}

/** The oldest ids that have to go for the rest to be within bounds. */
export function surplus(ids: readonly string[], sizeOf: (id: string) => number, { events, size }: Limits): readonly string[] {
  let kept = 0;
  let total = 0;
  for (const id of [...ids].reverse()) {
    total += sizeOf(id);
    if (kept >= events || total > size) break;
    kept++;
  }
  return ids.slice(0, ids.length - kept);
}

export const byteLength = (text: string): number => new TextEncoder().encode(text).length;

function parse(json: string | null): WireEvent | undefined {
  try {
    const event = JSON.parse(json!) as WireEvent | null;
    return event?.event_id ? event : undefined;
  } catch {
    return undefined;
  }
}
