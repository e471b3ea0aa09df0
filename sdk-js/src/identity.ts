/**
 * Who the user is: by a token that the host signs, or, until then, by an anonymous one that the API gives and the browser
 * keeps. Becoming known merges the anonymous past into the user, however often that has to be tried.
 */

import type { Http } from './http';
import type { Store } from './store';
import type { Claims } from './wire';

export type TokenSource = string | (() => string | Promise<string>);

export interface User {
  /** Only needed when there is no token; a token names its user itself. */
  readonly userId?: string;
  readonly userToken?: TokenSource;
}

export interface Person {
  /** Empty until it is known. */
  readonly userId: string;
  readonly token?: string;
  readonly anonymous: boolean;
}

export interface Identity {
  readonly person: () => Person;
  /** Makes the person known, or renews a token that expired or, with `force`, was refused. Rejects when that fails. */
  refresh(force?: boolean): Promise<Person>;
  /** Somebody else is here from now on; without a name and a token, somebody unknown. */
  become(user: User): void;
  forgetAnonymous(): void;
}

/** The anonymous token of this browser, and one whose events are still to be merged into the known user's. */
const ANONYMOUS = 'anon';
const MERGE = 'merge';
/** A token this close to its end is renewed before it is used; milliseconds. */
const MARGIN_MS = 30_000;

export function createIdentity(store: Store, http: Http, now: () => number = Date.now): Identity {
  let user: User = {};
  let token: string | undefined;
  let pending: Promise<void> | undefined;
  let merging: Promise<void> | undefined;

  const person = (): Person => ({
    userId: claimsOf(token).sub ?? user.userId ?? '',
    token,
    anonymous: !user.userToken && !user.userId,
  });
  const isFresh = (some?: string): some is string => !!some && expiryOf(some) - MARGIN_MS > now();

  const fetchAnonymous = async (force?: boolean): Promise<string> => {
    const kept = store.read<string>(ANONYMOUS);
    if (isFresh(kept) && !force) return kept;
    const { status, body } = await http.post('anonymous-tokens', { token: kept });
    const fresh = (body as { token?: string } | undefined)?.token;
    if (fresh) store.save(ANONYMOUS, fresh);
    // A token that is too old to be renewed gives way to a new visitor's, at the next attempt.
    else if (isFinal(status)) store.forget(ANONYMOUS);
    return fresh ?? '';
  };
  const fetchToken = async (force?: boolean): Promise<void> => {
    const asked = user;
    const { userToken } = asked;
    const given = await (typeof userToken === 'function' ? userToken() : (userToken ?? fetchAnonymous(force)));
    if (!claimsOf(given).sub || asked !== user) throw Error('token');
    token = given;
  };
  const merge = async (): Promise<void> => {
    const anonymous_token = store.read(MERGE);
    if (!anonymous_token || !token || !user.userToken) return;
    const { status } = await http.post('identify', { user_token: token, anonymous_token });
    // What the server refuses for good is not tried again; 401 may only mean that a token ran out.
    if (isFinal(status) && status !== 401) store.forget(MERGE);
  };

  return {
    person,
    async refresh(force) {
      // A user whom the host names without a token has none to get.
      if ((user.userToken || !user.userId) && (force || !isFresh(token))) {
        await (pending ??= fetchToken(force).finally(() => (pending = undefined)));
      }
      merging ??= merge().catch(() => {}).finally(() => (merging = undefined));
      return person();
    },
    become(next) {
      const kept = store.read(ANONYMOUS);
      user = next;
      pending = undefined;
      token = typeof next.userToken === 'string' ? next.userToken : undefined;
      if (!next.userToken || !kept) return;
      store.save(MERGE, kept);
      store.forget(ANONYMOUS);
    },
    forgetAnonymous() {
      store.forget(ANONYMOUS);
      store.forget(MERGE);
    },
  };
}

/** Whether trying again would change nothing. */
const isFinal = (status: number): boolean => status < 500 && status !== 429;

/** What a token says of itself; nothing is verified here, the servers do that. */
export function claimsOf(token = ''): Claims {
  try {
    const payload = atob(token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/'));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(payload, (char) => char.charCodeAt(0)))) as Claims;
  } catch {
    return {};
  }
}

/** Unix milliseconds; a token that names no end has none. */
const expiryOf = (token: string): number => (claimsOf(token).exp ?? Infinity) * 1000;
