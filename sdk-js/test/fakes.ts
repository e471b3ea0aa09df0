/** A server, a clock and a lock manager that tests hold in their hands. */

import { vi } from 'vitest';
import type { Answer, Http } from '../src/http';

export interface Sent {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/** Answers with what `reply` says; an Error is a network that fails. */
export function fakeHttp(reply: (request: Sent) => Partial<Answer> | Error = () => ({ status: 202 })) {
  const sent: Sent[] = [];
  const beacons: Sent[] = [];
  const http: Http = {
    keepalive: true,
    async post(path, body, headers) {
      const request = { path, body: body as Sent['body'], headers };
      sent.push(request);
      const answer = reply(request);
      if (answer instanceof Error) throw answer;
      return { status: 200, retryAfter: null, body: undefined, ...answer };
    },
    beacon: (path, body) => void beacons.push({ path, body: body as Sent['body'] }),
  };
  return { http, sent, beacons };
}

/** A token that says who, and until when (Unix milliseconds). */
export const tokenOf = (sub: string, exp = Date.now() + 3600_000): string =>
  ['x', Buffer.from(JSON.stringify({ sub, exp: exp / 1000 })).toString('base64url'), 'x'].join('.');

/** Lets promises and timers run. */
export const pass = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** A browser's lock manager: one holder a name, the next one when it lets go. */
export function fakeLocks() {
  const holders = new Map<string, Promise<unknown>>();
  return {
    request(name: string, { signal }: { signal: AbortSignal }, hold: () => Promise<void> | undefined) {
      const before = holders.get(name) ?? Promise.resolve();
      const mine = before.then(() => (signal.aborted ? undefined : hold()));
      holders.set(name, mine);
      return new Promise<unknown>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        void mine.then(resolve);
      });
    },
  };
}
