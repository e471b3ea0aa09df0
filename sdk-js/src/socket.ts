/**
 * The leading tab's line to the gateway: keeps itself open, resumes after the last durable frame it saw, and sends what
 * waits in the outbox until the gateway has answered a ping behind it.
 */

import { MINUTE, backoff } from './backoff';
import type { Identity } from './identity';
import type { Scope } from './scope';
import type { Store } from './store';
import type { ServerFrame } from './wire';

export interface Socket {
  open(): void;
  close(): void;
  /** Something new is in the outbox. */
  drain(): void;
  readonly connected: () => boolean;
}

export interface SocketParts {
  readonly scope: Scope;
  readonly store: Store;
  readonly identity: Identity;
  readonly wsUrl: string;
  readonly onFrame: (frame: ServerFrame) => void;
  readonly random?: () => number;
}

/** Frames for the gateway, in the order of their keys. */
export const OUTBOX = 'o:';
const CURSOR = 'cursor';
const PING_MS = 25_000;
/** Silence after which the line is held to be dead: two pings unanswered. */
const SILENCE_MS = 60_000;

export interface Plan {
  /** Milliseconds until the next attempt; undefined: none. */
  readonly delay: number | undefined;
  readonly renewToken: boolean;
}

/** What a close code asks for (CONTRACT: 4401 renew the token, 4403 never, 4429 much later, 1012 soon). */
export function planReconnect(code: number, attempt: number, random: number): Plan {
  if (code === 4403) return { delay: undefined, renewToken: false };
  if (code === 4429) return { delay: MINUTE + backoff(attempt, random, MINUTE, 10 * MINUTE), renewToken: false };
  if (code === 1012) return { delay: 100 + backoff(attempt, random, 2000), renewToken: false };
  return { delay: 250 + backoff(attempt, random), renewToken: code === 4401 };
}

interface Cursor {
  readonly user: string;
  readonly epoch: string;
  readonly seq?: number;
}

export function createSocket({ scope, store, identity, wsUrl, onFrame, random = Math.random }: SocketParts): Socket {
  let line: WebSocket | undefined;
  let wanted = false;
  let attempt = 0;
  let renew = false;
  let heardAt = 0;
  let cancelRetry = (): void => {};
  const inFlight = new Set<string>();

  const cursor = (): Cursor | undefined => {
    const [user, epoch, seq] = JSON.parse(store.get(CURSOR) ?? '[]') as [string?, string?, number?];
    return user === identity.person().userId ? { user, epoch: epoch!, seq } : undefined;
  };
  const remember = (epoch: string, seq?: number): void =>
    store.set(CURSOR, JSON.stringify([identity.person().userId, epoch, seq]));

  const receive = (frame: ServerFrame): void => {
    attempt = 0;
    if (frame.type === 'pong') {
      for (const key of inFlight) store.remove(key);
      inFlight.clear();
    } else if (frame.type === 'hello') {
      if (!frame.resumed || cursor()?.epoch !== frame.epoch) remember(frame.epoch, frame.seq);
      drain();
    } else {
      onFrame(frame);
      const seen = cursor();
      // What was received is kept by now; a crash before this line only brings the frame once more.
      if ('seq' in frame && seen && frame.seq! > (seen.seq ?? 0)) remember(seen.epoch, frame.seq);
    }
  };

  const send = (json: string): void => line!.send(json);
  const connected = (): boolean => line?.readyState === 1;
  const drain = (): void => {
    if (!connected()) return;
    const keys = store.keys(OUTBOX).filter((key) => !inFlight.has(key));
    for (const key of keys) {
      send(store.get(key)!);
      inFlight.add(key);
    }
    if (keys.length) send('{"type":"ping"}');
  };

  const retry = (delay: number): void => {
    cancelRetry();
    cancelRetry = scope.after(delay, connect);
  };

  const connect = scope.guard(async () => {
    if (!wanted || line) return;
    try {
      const { userId, token } = await identity.refresh(renew);
      renew = false;
      if (wanted && !line && token) dial(userId, token);
    } catch {
      retry(planReconnect(0, attempt++, random()).delay!);
    }
  });

  const dial = (userId: string, token: string): void => {
    const { epoch, seq } = cursor() ?? {};
    const query = new URLSearchParams({ token, ...(seq !== undefined && { after: `${seq}`, epoch: epoch! }) });
    const mine = (line = new WebSocket(`${wsUrl}/ws/${encodeURIComponent(userId)}?${query}`));
    heardAt = Date.now();
    mine.onmessage = scope.guard(({ data }: MessageEvent<string>) => {
      heardAt = Date.now();
      if (mine === line) receive(JSON.parse(data) as ServerFrame);
    });
    mine.onclose = scope.guard(({ code }: CloseEvent) => {
      if (mine !== line) return;
      hangUp();
      const plan = planReconnect(code, attempt++, random());
      renew = plan.renewToken;
      if (plan.delay === undefined) wanted = false;
      else retry(plan.delay);
    });
  };

  const hangUp = (): void => {
    const old = line;
    line = undefined;
    inFlight.clear();
    old?.close();
  };
  const close = (): void => {
    wanted = false;
    cancelRetry();
    hangUp();
  };

  scope.every(PING_MS, () => {
    if (line && Date.now() - heardAt > SILENCE_MS) (hangUp(), void connect());
    else if (connected()) send('{"type":"ping"}');
  });
  scope.own(close);
  return {
    connected,
    drain,
    close,
    open() {
      wanted = true;
      attempt = 0;
      void connect();
    },
  };
}
