/** One running SDK: wires identity, queue, sender, tabs, capture and delivery together. Decisions live in the parts. */

import { cleanUrl } from './capture/privacy';
import { type Signals, watch } from './capture/watch';
import type { Delivery, DeliveryFactory } from './delivery';
import { createHttp } from './http';
import { type User, createIdentity } from './identity';
import { uuid7 } from './ids';
import type { Options } from './options';
import { type Dropped, createQueue } from './queue';
import type { Theme } from './render/contract';
import { createScope, errorCount } from './scope';
import { createSender } from './sender';
import { SESSION, sessionId } from './session';
import { createStore } from './store';
import { createRole } from './tabs';
import type { Properties } from './wire';

export interface State {
  /** Empty until it is known. */
  readonly userId: string;
  readonly anonymous: boolean;
  /** Whether this tab sends for all tabs, and holds the socket. */
  readonly leading: boolean;
  /** Whether this tab may show nudges. */
  readonly onStage?: boolean;
  readonly queued: number;
  /** Events that a 2xx was seen for, by this tab since it was loaded. */
  readonly sent: number;
  readonly dropped: Readonly<Dropped>;
  /** Errors of the SDK's own that were kept from the page. */
  readonly errors: number;
}

/** What the host may call while the SDK runs. */
export interface Calls {
  /** Tells of something that only the page knows, such as `report_created`. */
  track(name: string, properties?: Properties, target?: string): void;
  /** The visitor has signed in; what they did before is merged into the user. */
  identify(user: User): void;
  /** The user has signed out; whoever comes next is somebody else. */
  reset(): void;
  setTheme(theme: Theme): void;
  /** Opens the chat. */
  openChat(): void;
  /** Makes the chat a part of the page, within this element; with null, not any more. */
  mountChat(element: Element | null): void;
  /** Stops everything in all tabs, forgets what waits, and stays so on this browser until `optIn`. */
  optOut(): void;
}

export interface Client extends Calls {
  getState(): State;
  /** Gives the page back as it was. */
  stop(): void;
}

/** What an entry of the SDK has beside capture and transport. */
export interface Parts {
  readonly signals?: Signals;
  readonly deliver?: DeliveryFactory;
}

const TICK_MS = 5000;
const BATCH_EVENTS = 10;
/** What tells that somebody needs help now: it does not wait for the tick, but what comes with it goes along. */
const URGENT = /^(submit_failed|error_|(rage|dead|help|cancel|back)_click)/;
const URGENT_MS = 200;

export const siteOf = (apiKey: string): string => `oa:${apiKey}:`;
/** Set while the user wants none of this. */
export const OPTED_OUT = 'out';
/** Written to make the other tabs look into the store. */
const POKE = 'poke';

/** @param stopped the user opted out, here or in another tab. */
export function startClient(options: Options, { signals, deliver }: Parts, stopped: () => void): Client {
  const { apiKey, apiUrl, capture, keepQuery } = options;
  const site = siteOf(apiKey);
  const scope = createScope();
  const store = createStore(site);
  const http = createHttp(apiUrl, apiKey);
  const identity = createIdentity(store, http);
  const queue = createQueue(store);
  const sender = createSender(scope, queue, http, identity, () => !lead.held());
  /** Events of this tab that no tab was told to send yet. */
  let fresh = 0;
  let hurrying = false;

  /** Something in the store is for whichever tab leads, or is on stage. */
  const look = (): void => {
    if (store.read(OPTED_OUT)) return stopped();
    delivery?.look();
    sender.flush();
  };
  const poke = (): void => {
    fresh = 0;
    store.save(POKE, uuid7());
    look();
  };
  identity.become(options);
  const delivery: Delivery | undefined = deliver?.({ scope, store, identity, options, site, poke, erased });
  const lead = createRole('lead', site, scope, store, (held) => {
    delivery?.lead(held);
    sender.flush();
  });

  const emit = (event_type: string, target_element?: string, properties: Properties = {}): string => {
    const event_id = uuid7();
    if (scope.signal.aborted) return event_id;
    queue.add({
      event_id,
      user_id: identity.person().userId,
      session_id: sessionId(store),
      event_type,
      target_element,
      page_url: cleanUrl(location.href, keepQuery),
      timestamp: new Date().toISOString(),
      properties,
    });
    if (++fresh >= BATCH_EVENTS) poke();
    else if (!hurrying && URGENT.test(event_type)) {
      hurrying = true;
      scope.wait(URGENT_MS, () => {
        hurrying = false;
        poke();
      });
    }
    return event_id;
  };
  const retry = (): void => {
    sender.retry();
    if (lead.held()) delivery?.lead(true);
    poke();
  };
  const become = (user: User): void => {
    const { userId, anonymous } = identity.person();
    identity.become(user);
    if (!anonymous && userId !== identity.person().userId) delivery?.clear();
    delivery?.lead(false);
    delivery?.lead(lead.held());
    retry();
  };
  /**
   * What this browser keeps of the user goes, in every tab also what the leading one could not see yet; until the page says
   * who is there, it is somebody new.
   */
  function erased(): void {
    queue.clear(identity.person().userId);
    if (lead.held()) store.names('').filter((key) => !key.startsWith('l:')).forEach(store.forget);
    become({});
  }
  const flushCapture = capture === false ? () => {} : watch(scope, emit, options, signals);
  const flushLast = (): void => {
    flushCapture();
    sender.flushLast();
  };

  scope.pulse(TICK_MS, () => (fresh ? poke() : look()));
  scope.listen('storage', ({ key }: StorageEvent) => key === site + POKE && look());
  scope.listen('online', retry);
  scope.listen('visibilitychange', () => document.visibilityState === 'hidden' && flushLast());
  scope.listen('pagehide', () => (flushLast(), lead.release()));
  scope.listen('pageshow', lead.want);
  lead.want();

  return {
    track: (name, properties, target) => void emit(name, target, properties),
    identify: (user) => user && become(user),
    reset() {
      // What happened before its user was known must not become the next one's.
      queue.clear('');
      store.forget(SESSION);
      identity.forgetAnonymous();
      become({});
    },
    setTheme: (theme) => delivery?.setTheme(theme),
    openChat: () => delivery?.chat({ type: 'open' }, true),
    mountChat: (element) => delivery?.chat({ type: 'mount', element }, !!element),
    optOut() {
      queue.clear();
      delivery?.clear();
      store.save(OPTED_OUT, true);
      poke();
    },
    getState() {
      const { userId, anonymous } = identity.person();
      return {
        userId,
        anonymous,
        leading: lead.held(),
        queued: queue.count(),
        sent: sender.sent(),
        dropped: { ...queue.dropped },
        errors: errorCount(),
        onStage: delivery?.onStage(),
      };
    },
    stop() {
      if (!store.read(OPTED_OUT)) flushLast();
      scope.end();
    },
  };
}
