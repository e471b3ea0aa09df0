/** One running SDK: wires identity, queue, sender, tabs, capture and delivery together. Decisions live in the parts. */

import { cleanUrl } from './capture/privacy';
import { watch } from './capture/watch';
import type { DeliveryFactory } from './delivery';
import { createHttp } from './http';
import { type User, createIdentity } from './identity';
import { uuid7 } from './ids';
import type { InboxNote } from './inbox';
import type { Options } from './options';
import { type Dropped, createQueue } from './queue';
import type { Theme } from './render/contract';
import { type Scope, createScope } from './scope';
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
  /** Drops all that waits to be sent or shown, and stops the other tabs. */
  forget(): void;
  state(): State;
  /** Gives the page back as it was. */
  stop(): void;
}

/** Between tabs: of nudges; that events wait; that the user opted out. */
type Note = InboxNote | { readonly t: 'poke' } | { readonly t: 'stop' };

const TICK_MS = 5000;
const BATCH_EVENTS = 10;

export const siteOf = (apiKey: string): string => `oa:${apiKey}:`;

/** @param stopped the user opted out in another tab. */
export function startClient(options: Options, deliver: DeliveryFactory | undefined, stopped: () => void): Client {
  const { apiKey, apiUrl, capture, keepQuery = [] } = options;
  const site = siteOf(apiKey);
  const scope = createScope();
  const store = createStore(site);
  const http = createHttp(apiUrl, apiKey);
  const identity = createIdentity(store, http);
  const queue = createQueue(store);
  const sender = createSender(scope, queue, http, identity);
  const tell = openChannel(site, scope, (note) => {
    if (note.t === 'stop') stopped();
    else if (note.t !== 'poke') delivery?.inbox.hear(note);
    else if (lead.held()) sender.flush(false);
  });
  identity.become(options);
  const delivery = deliver?.({ scope, store, identity, options, site, tell });
  const lead = createRole('lead', site, scope, store, (held) => {
    if (!held) return delivery?.socket.close();
    delivery?.socket.open();
    sender.flush(false);
  });

  let fresh = 0;
  const flush = (): void => {
    fresh = 0;
    sender.flush(!lead.held());
    if (!lead.held()) tell({ t: 'poke' });
  };
  const session = (): string => options.sessionId ?? sessionId(store);
  const emit = (event_type: string, target_element?: string, properties: Properties = {}): string => {
    const event_id = uuid7();
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
  const flushCapture = capture === false ? () => {} : watch(scope, emit, capture ?? {}, keepQuery);
  const flushLast = (): void => {
    flushCapture();
    sender.flushLast(!lead.held());
  };

  scope.every(TICK_MS, () => (fresh || lead.held()) && flush());
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
    forget() {
      queue.clear();
      delivery?.inbox.clear();
      tell({ t: 'stop' });
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
      flushLast();
      scope.end();
    },
  };
}

function openChannel(site: string, scope: Scope, hear: (note: Note) => void): (note: Note) => void {
  const open = scope.guard(() => {
    const channel = new BroadcastChannel(site);
    channel.onmessage = scope.guard(({ data }: MessageEvent<Note>) => hear(data));
    scope.own(() => channel.close());
    return scope.guard((note: Note) => channel.postMessage(note));
  });
  return open() ?? (() => {});
}
