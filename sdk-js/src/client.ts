/** One running SDK: wires identity, queue, sender, tabs, capture and delivery together. Decisions live in the parts. */

import { cleanUrl } from './capture/privacy';
import { watch } from './capture/watch';
import type { DeliveryFactory } from './delivery';
import { createHttp } from './http';
import { type User, createIdentity } from './identity';
import { uuid7 } from './ids';
import type { Options } from './options';
import { type Dropped, createQueue } from './queue';
import type { Theme } from './render/contract';
import { createScope } from './scope';
import { createSender } from './sender';
import { endSession, sessionId } from './session';
import { createStore } from './store';
import { createRole } from './tabs';
import type { Properties } from './wire';

export interface State {
  /** Empty until it is known. */
  readonly userId: string;
  readonly anonymous: boolean;
  readonly sessionId: string;
  /** Whether this tab sends for all tabs, and holds the socket. */
  readonly leading: boolean;
  /** Whether this tab may show nudges. */
  readonly onStage: boolean;
  readonly connected: boolean;
  readonly queued: number;
  /** Events that a 2xx was seen for, by this tab since it was loaded. */
  readonly sent: number;
  readonly dropped: Readonly<Dropped>;
  /** Errors of the SDK's own that were kept from the page. */
  readonly errors: number;
}

export interface Client {
  track(name: string, properties?: Properties, target?: string): void;
  identify(user: User): void;
  reset(): void;
  setTheme(theme: Partial<Theme>): void;
  /** The user opts out: drops all that waits to be sent or shown, and stops this tab and the others. */
  optOut(): void;
  state(): State;
  /** Gives the page back as it was. */
  stop(): void;
}

const TICK_MS = 5000;
const BATCH_EVENTS = 10;

export const siteOf = (apiKey: string): string => `oa:${apiKey}:`;
/** Set while the user wants none of this. */
export const OPTED_OUT = 'out';
/** Written to make the other tabs look into the store. */
const POKE = 'poke';

/** @param stopped the user opted out in another tab. */
export function startClient(options: Options, deliver: DeliveryFactory | undefined, stopped: () => void): Client {
  const { apiKey, apiUrl, capture, except = [], keepQuery } = options;
  const site = siteOf(apiKey);
  const scope = createScope();
  const store = createStore(site);
  const http = createHttp(apiUrl, apiKey);
  const identity = createIdentity(store, http);
  const queue = createQueue(store);
  const sender = createSender(scope, queue, http, identity, () => !lead.held());
  /** Something in the store is for whichever tab leads, or is on stage. */
  const look = (): void => {
    if (store.read(OPTED_OUT)) return stopped();
    delivery?.inbox.look();
    delivery?.socket.drain();
    if (lead.held()) sender.flush();
  };
  const poke = (): void => {
    store.write(POKE, uuid7());
    look();
  };
  identity.become(options);
  const delivery = deliver?.({ scope, store, identity, options, site, poke });
  const lead = createRole('lead', site, scope, store, (held) => {
    if (!held) return delivery?.socket.close();
    delivery?.socket.open();
    sender.flush();
  });

  let fresh = 0;
  const flush = (): void => {
    fresh = 0;
    sender.flush();
    if (!lead.held()) store.write(POKE, uuid7());
  };
  const session = (): string => options.sessionId ?? sessionId(store);
  const emit = (event_type: string, target_element?: string, properties: Properties = {}): string => {
    const event_id = uuid7();
    if (!scope.alive() || except.includes(event_type)) return event_id;
    queue.add({
      event_id,
      user_id: identity.person().userId,
      session_id: session(),
      event_type,
      target_element,
      page_url: cleanUrl(location.href, keepQuery),
      timestamp: new Date().toISOString(),
      properties,
    });
    if (++fresh >= BATCH_EVENTS) flush();
    return event_id;
  };
  const retry = (): void => {
    sender.retry();
    flush();
  };
  const become = (user: User): void => {
    const { userId, anonymous } = identity.person();
    identity.become(user);
    if (!anonymous && userId !== identity.person().userId) delivery?.inbox.clear();
    delivery?.socket.close();
    if (lead.held()) delivery?.socket.open();
    retry();
  };
  const flushCapture = capture === false ? () => {} : watch(scope, emit, options);
  const flushLast = (): void => {
    flushCapture();
    sender.flushLast();
  };

  scope.every(TICK_MS, () => (fresh || lead.held()) && flush());
  scope.listen('storage', ({ key }: StorageEvent) => key === site + POKE && look());
  scope.listen('online', retry);
  scope.listen('visibilitychange', () => document.visibilityState === 'hidden' && flushLast());
  scope.listen('pagehide', () => (flushLast(), lead.release()));
  scope.listen('pageshow', () => lead.want());
  lead.want();

  return {
    track: (name, properties, target) => void emit(name, target, properties),
    identify: become,
    reset() {
      // What happened before its user was known must not become the next one's.
      queue.clear(true);
      endSession(store);
      identity.forgetAnonymous();
      become({});
    },
    setTheme: (theme) => delivery?.renderer.setTheme({ variables: {}, ...theme }),
    optOut() {
      queue.clear();
      delivery?.inbox.clear();
      store.write(OPTED_OUT, true);
      poke();
    },
    state() {
      const { userId, anonymous } = identity.person();
      return {
        userId,
        anonymous,
        sessionId: session(),
        leading: lead.held(),
        onStage: !!delivery?.onStage(),
        connected: !!delivery?.socket.connected(),
        queued: queue.count(),
        sent: sender.sent(),
        dropped: { ...queue.dropped },
        errors: scope.errors(),
      };
    },
    stop() {
      if (!store.read(OPTED_OUT)) flushLast();
      scope.end();
    },
  };
}
