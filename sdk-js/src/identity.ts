/**
 * Who the user is: by a token that the host signs, or, until then, by an anonymous one that the API gives and the browser
 * keeps. Becoming known merges the anonymous past into the user, however often that has to be tried.
 */

import type { Http } from './http';
import type { Store } from './store';

export type TokenSource = string | (() => string | Promise<string>);

export interface Person {
  /** Empty until it is known. */
  readonly userId: string;
  readonly token?: string;
}

export interface Identity {
  readonly person: () => Person;
  readonly anonymous: () => boolean;
  /** Makes the person known, or renews a token that expired or, with `force`, was refused. Rejects when that fails. */
  refresh(force?: boolean): Promise<Person>;
  identify(user: { userId?: string; userToken?: TokenSource }): void;
  reset(): void;
}

const ANONYMOUS = 'anon';
const MERGE = 'merge';
/** A token this close to its end is renewed before it is used; milliseconds. */
const MARGIN_MS = 30_000;

export function createIdentity(store: Store, http: Http, now: () => number = Date.now): Identity {
  let source: TokenSource | undefined;
  /** The host named the user without a token: then there is none to get. */
  let named = false;
  let userId = '';
  let token: string | undefined;
  let pending: Promise<Person> | undefined;

  const person = (): Person => ({ userId, token });
  const become = (next: string, id: string): Person => {
    token = next;
    userId = id || userId;
    return person();
  };

  const fetchAnonymous = async (force?: boolean): Promise<Person> => {
    const kept = parse(store.get(ANONYMOUS));
    if (kept && !force && kept.exp > now()) return become(kept.token, kept.id);
    const { status, body } = await http.post('/api/v1/anonymous-tokens', JSON.stringify({ anonymous_token: kept?.token ?? null }));
    const { token: fresh, user_id } = (body ?? {}) as { token?: string; user_id?: string };
    if (status >= 300 || !fresh || !user_id) throw new Error('no anonymous token');
    store.set(ANONYMOUS, JSON.stringify({ token: fresh, id: user_id, exp: expiryOf(fresh) }));
    return become(fresh, user_id);
  };

  const merge = async (): Promise<void> => {
    const anonymous_token = store.get(MERGE);
    if (!anonymous_token || !source || !token) return;
    const { status } = await http.post('/api/v1/identify', JSON.stringify({ user_token: token, anonymous_token }));
    // What the server refuses for good is not tried again; 401 may only mean that a token ran out.
    if (status < 500 && status !== 429 && status !== 401) store.remove(MERGE);
  };

  const fetchKnown = async (): Promise<Person> => {
    const asked = source!;
    const given = typeof asked === 'string' ? asked : await asked();
    if (typeof given !== 'string' || !given) throw new Error('no user token');
    if (asked !== source) throw new Error('the user changed meanwhile');
    return become(given, claimsOf(given).sub ?? '');
  };

  return {
    person,
    anonymous: () => !source && !named,
    async refresh(force) {
      if (named) return person();
      const fresh = token && !force && expiryOf(token) - MARGIN_MS > now();
      if (!fresh || !userId) {
        pending ??= (source ? fetchKnown() : fetchAnonymous(force)).finally(() => (pending = undefined));
        await pending;
      }
      merge().catch(() => {});
      return person();
    },
    identify(user) {
      const kept = parse(store.get(ANONYMOUS));
      pending = token = undefined;
      source = user.userToken ?? source;
      userId = user.userId || (typeof source === 'string' ? (claimsOf(source).sub ?? '') : '');
      named = !source && !!userId;
      if (!source || !kept) return;
      store.set(MERGE, kept.token);
      store.remove(ANONYMOUS);
    },
    reset() {
      pending = source = token = undefined;
      userId = '';
      named = false;
      store.remove(ANONYMOUS);
      store.remove(MERGE);
    },
  };
}

interface Claims {
  readonly sub?: string;
  /** Unix seconds. */
  readonly exp?: number;
}

/** What a token says of itself; nothing is verified here, the servers do that. */
export function claimsOf(token: string): Claims {
  try {
    const payload = atob(token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/'));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(payload, (char) => char.charCodeAt(0)))) as Claims;
  } catch {
    return {};
  }
}

/** Unix milliseconds; a token that names no end has none. */
const expiryOf = (token: string): number => (claimsOf(token).exp ?? Infinity) * 1000;

function parse(json: string | null): { token: string; id: string; exp: number } | undefined {
  try {
    const kept = JSON.parse(json!) as { token: string; id: string; exp: number | null } | null;
    return kept ? { ...kept, exp: kept.exp ?? Infinity } : undefined;
  } catch {
    return undefined;
  }
}
