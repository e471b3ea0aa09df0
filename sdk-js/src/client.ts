/** One running SDK: wires identity, queue, socket, tabs, capture and rendering together. Decisions live in the parts. */

import { watch } from './capture/watch';
import { cleanUrl } from './capture/privacy';
import { createHttp } from './http';
import { type TokenSource, createIdentity } from './identity';
import { uuid7 } from './ids';
import { type InboxNote, createInbox } from './inbox';
import type { Options } from './options';
import { type Dropped, createQueue } from './queue';
import type { RendererFactory, Theme } from './render/contract';
import { type Scope, createScope } from './scope';
import { createSender } from './sender';
import { createSession } from './session';
import { createSocket } from './socket';
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

export interface User {
  readonly userId?: string;
  readonly userToken?: TokenSource;
}

export interface Client {
  track(name: string, properties?: Properties, target?: string): void;
  identify(user: User): void;
  reset(): void;
  setTheme(theme: Theme): void;
  /** Drops all that waits to be sent or shown. */
  forget(): void;
  readonly state: () => State;
  /** Gives the page back as it was. */
  stop(): void;
}

type Note = InboxNote | { readonly t: 'poke' } | { readonly t: 'stop' };

const TICK_MS = 5000;
const BATCH_EVENTS = 10;

export const siteOf = (apiKey: string): string => `oa:${apiKey}:`;

/** @param stopped another tab's user opted out. */
export function startClient(options: Options, createRenderer: RendererFactory | undefined, stopped: () => void): Client {
  const view = window;
  const { document } = view;
  const { apiKey, wsUrl, capture, keepQuery = [] } = options;
  const site = siteOf(apiKey);
  const scope = createScope();
  const store = createStore(site);
  const http = createHttp(trimSlash(options.apiUrl), apiKey);
  const identity = createIdentity(store, http);
  const session = createSession(store, options.sessionId);
  const queue = createQueue(store);
  const sender = createSender({ scope, queue, http, identity, apiKey });
  const tell = openChannel(site, scope, (note) => hear(note));

  const renderer = createRenderer?.({
    document,
    guard: scope.guard,
    locale: options.locale,
    direction: options.direction,
    theme: options.theme && { variables: {}, ...options.theme },
    onAction: options.onAction,
    onReply: (text) => inbox.reply(text),
  });
  if (renderer) scope.own(() => renderer.destroy());
  const inbox = createInbox({ scope, store, renderer, tell, drain: () => socket?.drain() });
  const socket =
    wsUrl && renderer ? createSocket({ scope, store, identity, wsUrl: trimSlash(wsUrl), onFrame: inbox.receive }) : undefined;

  const roles = { scope, store, site, tab: uuid7(), locks: navigator.locks };
  const lead = createRole('lead', roles, (held) => {
    if (!held) return socket?.close();
    socket?.open();
    sender.flush(false);
  });
  const stage = createRole('stage', roles, (held) => (held ? inbox.enter() : inbox.leave()));

  let fresh = 0;
  const flush = (): void => {
    fresh = 0;
    sender.flush(!lead.held());
    if (!lead.held()) tell({ t: 'poke' });
  };
  const emit = (event_type: string, target_element?: string, properties: Properties = {}): string => {
    const event_id = uuid7();
    queue.add({
      event_id,
      user_id: identity.person().userId,
      session_id: session.id(),
      event_type,
      target_element,
      page_url: cleanUrl(view.location.href, keepQuery),
      timestamp: new Date().toISOString(),
      properties,
    });
    if (++fresh >= BATCH_EVENTS) flush();
    return event_id;
  };
  const hear = (note: Note): void => {
    if (note.t === 'stop') stopped();
    else if (note.t !== 'poke') inbox.hear(note);
    else if (lead.held()) flush();
  };
  const changeUser = (change: () => void): void => {
    change();
    sender.retry();
    socket?.close();
    if (lead.held()) socket?.open();
    flush();
  };

  if (options.userToken || options.userId) identity.identify(options);
  const flushCapture = capture === false ? () => {} : watch({ scope, view, emit }, capture ?? {}, keepQuery);
  scope.every(TICK_MS, () => (fresh || lead.held()) && flush());
  scope.listen(view, 'online', () => (sender.retry(), flush()));
  const stand = (): void => (document.visibilityState === 'hidden' ? stage.release() : stage.want());
  scope.listen(view, 'visibilitychange pagehide pageshow', ({ type }) => {
    if (type === 'pagehide' || document.visibilityState === 'hidden') {
      flushCapture();
      sender.flushLast(!lead.held());
    }
    if (type === 'pagehide') (lead.release(), stage.release());
    else (lead.want(), stand());
  });
  lead.want();
  stand();

  return {
    track: (name, properties, target) => void emit(name, target, properties),
    identify(user) {
      const known = identity.anonymous() ? '' : identity.person().userId;
      changeUser(() => identity.identify(user));
      if (known && known !== identity.person().userId) inbox.clear();
    },
    reset() {
      inbox.clear();
      queue.clear(true);
      session.renew();
      changeUser(() => identity.reset());
    },
    setTheme: (theme) => renderer?.setTheme(theme),
    forget() {
      queue.clear();
      inbox.clear();
      tell({ t: 'stop' });
    },
    state: () => ({
      userId: identity.person().userId,
      anonymous: identity.anonymous(),
      sessionId: session.id(),
      leading: lead.held(),
      onStage: stage.held(),
      connected: !!socket?.connected(),
      queued: queue.count(),
      sent: sender.sent(),
      dropped: { ...queue.dropped },
      errors: scope.errors(),
    }),
    stop() {
      flushCapture();
      sender.flushLast(!lead.held());
      scope.end();
    },
  };
}

function openChannel(site: string, scope: Scope, hear: (note: Note) => void): (note: Note) => void {
  return (
    scope.guard(() => {
      const channel = new BroadcastChannel(site);
      channel.onmessage = scope.guard(({ data }: MessageEvent<Note>) => hear(data));
      scope.own(() => channel.close());
      return scope.guard((note: Note) => channel.postMessage(note));
    })() ?? (() => {})
  );
}

const trimSlash = (url: string): string => url.replace(/\/+$/, '');
