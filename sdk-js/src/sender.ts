/** Takes events from the queue to the API: one batch under way at a time, and the reading of its answer carried out. */

import { MINUTE, backoff, retryAfter } from './backoff';
import type { Answer, Http } from './http';
import type { Identity } from './identity';
import { judge } from './outcome';
import type { Queue } from './queue';
import { type Scope, guard } from './scope';
import type { WireEvent } from './wire';

const PATH = 'events';
/** Small enough that one batch and a last one beside it fit into the 64 KiB that may outlive a page. */
const BATCH_BYTES = 30_000;
/** What a beacon or a last fetch may carry: 60 KiB less the wrapping. */
const LAST_BYTES = 58_000;
const BATCH_EVENTS = 100;
const REFUSED_MS = 5 * MINUTE;
/** Even the luckiest backoff leaves a server in trouble this long; milliseconds. */
const LEAST_MS = 500;

export interface Sender {
  /** Sends all that waits, unless a pause is due. */
  flush(): void;
  /** The page may be going away: sends what fits at once, in a request that outlives it. */
  flushLast(): void;
  /** The network or the user changed: an earlier failure says nothing any more. */
  retry(): void;
  readonly sent: () => number;
}

/** @param own whether to send only what no other tab can see, since another one leads. */
export function createSender(scope: Scope, queue: Queue, http: Http, identity: Identity, own: () => boolean): Sender {
  let sent = 0;
  let attempt = 0;
  let refusals = 0;
  let most = BATCH_EVENTS;
  let pausedUntil = 0;
  let busy = false;
  let cancelPause = (): void => {};
  const underWay = new Set<string>();

  const take = (bytes: number): WireEvent[] =>
    queue.take({ events: most, bytes, own: own(), userId: identity.person().userId, except: underWay });

  const pause = (ms: number): void => {
    pausedUntil = Date.now() + ms;
    cancelPause();
    cancelPause = scope.wait(ms, flush);
  };
  const pauseLonger = (least = 0): void => pause(least + LEAST_MS + backoff(attempt++, Math.random()));

  /** The user's token goes with the user's own events only. */
  const tokenFor = ([first]: WireEvent[]): string | undefined => {
    const { userId, token } = identity.person();
    return first!.user_id === userId ? token : undefined;
  };
  const bodyOf = (events: WireEvent[]): object => ({ sent_at: new Date().toISOString(), events });

  const post = async (events: WireEvent[]): Promise<Answer> => {
    const token = tokenFor(events);
    const ids = events.map(({ event_id }) => event_id);
    ids.forEach((id) => underWay.add(id));
    try {
      return await http.post(PATH, bodyOf(events), token ? { 'X-User-Token': token } : {});
    } finally {
      ids.forEach((id) => underWay.delete(id));
    }
  };

  const settle = async (events: WireEvent[], { status, body, retryAfter: header }: Answer): Promise<void> => {
    const outcome = judge(status, body, events.length);
    // A token may have run out early: one fresh one is tried before the key is held to be refused.
    if (outcome === 'refused') return refusals++ ? pause(REFUSED_MS) : void (await identity.refresh(true));
    refusals = 0;
    if (outcome === 'later') return pauseLonger(retryAfter(header));
    attempt = 0;
    if (outcome === 'sent') {
      most = BATCH_EVENTS;
      sent += events.length;
      queue.remove(events);
    } else if (outcome !== 'split') queue.remove(outcome.map((index) => events[index]!), 'rejected');
    else if (events[1]) most = events.length >> 1;
    else queue.remove(events, status === 413 ? 'tooLarge' : 'rejected');
  };

  const flush = guard(async () => {
    if (busy) return;
    busy = true;
    try {
      queue.trim(Date.now());
      while (queue.count(own()) && !scope.signal.aborted && Date.now() >= pausedUntil) {
        await identity.refresh();
        const events = take(BATCH_BYTES);
        if (!events[0]) break;
        await settle(events, await post(events));
      }
    } catch {
      pauseLonger();
    } finally {
      busy = false;
    }
  });

  const flushLast = guard(async () => {
    const events = take(LAST_BYTES);
    if (!events[0]?.user_id || Date.now() < pausedUntil) return;
    const beacon = (): void => http.beacon(PATH, { user_token: tokenFor(events), ...bodyOf(events) });
    const answer = http.keepalive ? await post(events).catch(beacon) : beacon();
    if (answer) await settle(events, answer);
  });

  return {
    flush,
    flushLast,
    retry() {
      attempt = pausedUntil = refusals = 0;
    },
    sent: () => sent,
  };
}
