/** Takes events from the queue to the API: one batch under way at a time, and the reading of its answer carried out. */

import { backoff } from './backoff';
import type { Http } from './http';
import type { Identity } from './identity';
import { REFUSED_WAIT, judge } from './outcome';
import type { Batch, Queue } from './queue';
import type { Scope } from './scope';

const PATH = '/api/v1/events';
/** Small enough that one batch and a last one beside it fit into the 64 KiB that may outlive a page. */
const BATCH_BYTES = 30_000;
/** What a beacon or a last fetch may carry: 60 KiB less the wrapping. */
const LAST_BYTES = 60_000;
const BATCH_EVENTS = 100;

export interface Sender {
  /** Sends all that waits, unless a wait is due. `own`: only what no other tab can see. */
  flush(own: boolean): void;
  /** The page may be going away: sends what fits at once, in a request that outlives it. */
  flushLast(own: boolean): void;
  /** The network or the user changed: an earlier failure says nothing any more. */
  retry(): void;
  readonly sent: () => number;
}

export interface SenderParts {
  readonly scope: Scope;
  readonly queue: Queue;
  readonly http: Http;
  readonly identity: Identity;
  readonly apiKey: string;
  readonly now?: () => number;
  readonly random?: () => number;
}

export function createSender({ scope, queue, http, identity, apiKey, now = Date.now, random = Math.random }: SenderParts): Sender {
  let sent = 0;
  let attempt = 0;
  let most = BATCH_EVENTS;
  let waitUntil = 0;
  let cancelWait = (): void => {};
  let refusals = 0;
  const underWay = new Set<string>();

  const take = (own: boolean, bytes: number): Batch =>
    queue.take({ events: most, bytes, own, userId: identity.person().userId, except: underWay });

  const wait = (ms: number, own: boolean): false => {
    waitUntil = now() + ms;
    cancelWait();
    cancelWait = scope.after(ms, () => flush(own));
    return false;
  };

  /** Whether to go on at once. */
  const settle = async (answer: Awaited<ReturnType<Http['post']>>, batch: Batch, own: boolean): Promise<boolean> => {
    const outcome = judge(answer.status, answer.retryAfter, answer.body, batch.ids.length, now());
    if (outcome.kind === 'refused') {
      // A token may have run out early: one fresh one is tried before the key is held to be refused.
      const again = refusals++ === 0 && !!identity.person().token;
      if (again) await identity.refresh(true);
      return again || wait(REFUSED_WAIT, own);
    }
    refusals = 0;
    if (outcome.kind === 'wait') return wait((outcome.ms ?? 0) + backoff(attempt++, random()) + 500, own);
    attempt = 0;
    if (outcome.kind === 'split') {
      if (batch.ids.length === 1) queue.remove(batch.ids, answer.status === 413 ? 'tooLarge' : 'rejected');
      most = Math.max(1, batch.ids.length >> 1);
      return true;
    }
    if (outcome.kind === 'drop') queue.remove(outcome.indexes.map((index) => batch.ids[index]!), 'rejected');
    else {
      queue.remove(batch.ids);
      sent += batch.ids.length;
      most = BATCH_EVENTS;
    }
    return true;
  };

  const post = async (batch: Batch): ReturnType<Http['post']> => {
    for (const id of batch.ids) underWay.add(id);
    const { userId, token } = identity.person();
    const mine = token && batch.events[0]!.user_id === userId;
    try {
      return await http.post(PATH, bodyOf(batch, now()), mine ? { 'X-User-Token': token } : {});
    } finally {
      for (const id of batch.ids) underWay.delete(id);
    }
  };

  const sendNext = async (own: boolean): Promise<boolean> => {
    queue.trim(now());
    if (!queue.count()) return false;
    await identity.refresh();
    const batch = take(own, BATCH_BYTES);
    return batch.ids.length > 0 && scope.alive() && settle(await post(batch), batch, own);
  };

  let busy = false;
  const flush = scope.guard(async (own: boolean) => {
    if (busy || now() < waitUntil) return;
    busy = true;
    try {
      while (await sendNext(own));
    } catch {
      wait(backoff(attempt++, random()) + 500, own);
    } finally {
      busy = false;
    }
  });

  return {
    flush,
    flushLast: scope.guard(async (own: boolean) => {
      if (!identity.person().userId || now() < waitUntil) return;
      const batch = take(own, LAST_BYTES);
      if (!batch.ids.length) return;
      const beacon = (): void => {
        const { userId, token } = identity.person();
        const user_token = batch.events[0]!.user_id === userId ? token : undefined;
        http.beacon(PATH, bodyOf(batch, now(), { api_key: apiKey, user_token }));
      };
      if (!http.keepalive) return beacon();
      const answer = await post(batch).catch(beacon);
      if (answer) await settle(answer, batch, own);
    }),
    retry() {
      attempt = waitUntil = refusals = 0;
    },
    sent: () => sent,
  };
}

const bodyOf = ({ events }: Batch, now: number, more?: object): string =>
  JSON.stringify({ ...more, sent_at: new Date(now).toISOString(), events });
