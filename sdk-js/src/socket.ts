/**
 * The leading tab's line to the gateway: keeps itself open, resumes after the last durable frame it saw, and sends what
 * waits in the outbox until the gateway has answered a ping behind it.
 */

import { MINUTE, backoff } from './backoff';
import { OUTBOX } from './chat/port';
import type { Identity } from './identity';
import { type Scope, guard } from './scope';
import type { Store } from './store';
import type { ServerFrame } from './wire';

export interface Socket {
  open(): void;
  close(): void;
  /** Something new is in the outbox. */
  drain(): void;
  /** False while the line is down that this tab should have. */
  linked(): boolean;
}

/** The user whose frames were seen, the epoch, and the last number in it. */
const CURSOR = 'cursor';
type Cursor = readonly [user: string, epoch: string, seq: number];
/** The user was erased: nothing of theirs may come back from here. */
const ERASED = 4410;
const PING_MS = 25_000;
const PING = '{"type":"ping"}';

/** Milliseconds until the next attempt after a close; undefined: none (CONTRACT: 4403 never, 4429 much later, 1012 soon). */
export function reconnectDelay(code: number, attempt: number, random: number): number | undefined {
  if (code === 4403) return undefined;
  if (code === 4429) return MINUTE + backoff(attempt, random, MINUTE, 10 * MINUTE);
  return code === 1012 ? 100 + backoff(0, random, 2000) : 250 + backoff(attempt, random);
}

export function createSocket(
  scope: Scope,
  store: Store,
  identity: Identity,
  wsUrl: string | undefined,
  onFrame: (frame: ServerFrame) => void,
): Socket {
  let line: WebSocket | undefined;
  let wanted = false;
  let attempt = 0;
  let tokenRefused = false;
  /** A ping that nothing came after yet; a second one after it would go to a dead line. */
  let unanswered = false;
  let cancelRetry = (): void => {};
  /** Sent, and not yet known to have arrived. */
  const inFlight = new Set<string>();

  const userId = (): string => identity.person().userId;
  const cursor = (): Cursor | [] => {
    const kept = store.read<Cursor>(CURSOR);
    return kept?.[0] === userId() ? kept : [];
  };
  const connected = (): boolean => line?.readyState === 1;

  const drain = (): void => {
    const keys = connected() ? store.names(OUTBOX).filter((key) => !inFlight.has(key)) : [];
    for (const key of keys) {
      line!.send(JSON.stringify(store.read(key)));
      inFlight.add(key);
    }
    if (keys.length) line!.send(PING);
  };
  const receive = (frame: ServerFrame): void => {
    attempt = 0;
    if (frame.type === 'pong') {
      inFlight.forEach(store.forget);
      inFlight.clear();
    } else if (frame.type === 'hello') {
      if (!frame.resumed) store.save(CURSOR, [userId(), frame.epoch, frame.seq]);
      drain();
      onFrame(frame);
    } else {
      onFrame(frame);
      // What was received is kept by now; a crash before this line only brings the frame once more.
      const [user, epoch, seq] = cursor();
      if (frame.seq! > seq!) store.save(CURSOR, [user, epoch, frame.seq]);
    }
  };

  const retry = (code: number): void => {
    hangUp();
    onFrame({ type: 'closed' });
    const delay = reconnectDelay(code, attempt++, Math.random());
    tokenRefused = code === 4401;
    cancelRetry();
    if (delay) cancelRetry = scope.wait(delay, connect);
  };
  const connect = guard(async () => {
    if (!wanted || line) return;
    try {
      const { token } = await identity.refresh(tokenRefused);
      if (wanted && !line && token) dial(token);
    } catch {
      retry(0);
    }
  });
  const dial = (token: string): void => {
    const [, epoch, seq] = cursor();
    const query = new URLSearchParams({ token, ...(epoch && { after: `${seq}`, epoch }) });
    const mine = (line = new WebSocket(`${wsUrl}/ws/${encodeURIComponent(userId())}?${query}`));
    unanswered = false;
    mine.onmessage = guard(({ data }: MessageEvent<string>) => {
      unanswered = false;
      if (mine === line) receive(JSON.parse(data) as ServerFrame);
    });
    mine.onclose = guard(({ code }: CloseEvent) => {
      if (mine !== line) return;
      if (code === ERASED) onFrame({ type: 'erased' });
      else retry(code);
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

  scope.pulse(PING_MS, () => {
    if (!connected()) return;
    if (unanswered) return retry(0);
    unanswered = true;
    line!.send(PING);
  });
  scope.own(close);
  return {
    drain,
    close,
    linked: () => !wanted || connected(),
    open() {
      wanted = !!wsUrl;
      attempt = 0;
      void connect();
    },
  };
}
