/**
 * How nudges and messages reach the user: the leading tab's socket brings them, the inbox keeps nudges for all tabs, and the
 * tab on stage shows them. What belongs to conversations goes to the chat of every tab. The entry without rendering leaves
 * all of this out.
 */

import { type Hook, hookChat, languageOf } from './chat/hook';
import { type ChatPort, GOING } from './chat/port';
import type { Identity } from './identity';
import { uuid7 } from './ids';
import { createInbox } from './inbox';
import type { Options } from './options';
import type { RendererFactory, Theme } from './render/contract';
import { createHost } from './render/host';
import { type Scope, guard } from './scope';
import { createSocket } from './socket';
import type { Store } from './store';
import { createRole } from './tabs';
import type { ServerFrame } from './wire';

export interface Delivery {
  /** The store may have changed. */
  look(): void;
  /** This tab leads from now on, or does not. */
  lead(held: boolean): void;
  /** Forgets what waits for the user who leaves. */
  clear(): void;
  setTheme(theme: Theme): void;
  readonly chat: Hook;
  onStage(): boolean;
}

export interface DeliveryParts {
  readonly scope: Scope;
  readonly store: Store;
  readonly identity: Identity;
  readonly options: Options;
  readonly site: string;
  /** Tells all tabs, this one too, that the store changed. */
  readonly poke: () => void;
  /** The user was erased. */
  readonly erased: () => void;
}

export type DeliveryFactory = (parts: DeliveryParts) => Delivery;

/** @param script where this script came from: the chat's lies beside it. */
export function deliverWith(createRenderer: RendererFactory, script?: string): DeliveryFactory {
  return ({ scope, store, identity, options, site, poke, erased }) => {
    const { apiUrl, wsUrl, theme } = options;
    const themes = [theme];
    const renderer = createRenderer({ ...options, onChat: (nudge) => chat({ type: 'open', nudge }, true) });
    const inbox = createInbox(scope, site, store, renderer, poke);
    const tabs = window.BroadcastChannel && new BroadcastChannel(site);
    const heed = (frame: ServerFrame): void => (frame.type === 'erased' ? erased() : chat(frame));
    const receive = (frame: ServerFrame): void => {
      tabs?.postMessage(frame);
      inbox.receive(frame);
      heed(frame);
      if (frame.type !== 'message' || frame.role === 'user') return;
      store.save(GOING, true);
      poke();
    };
    const socket = createSocket(scope, store, identity, wsUrl, receive);
    const stage = createRole('stage', site, scope, store, () => {
      reserve();
      lookAtChat();
    });
    const lookAtChat = (): void => chat({ type: 'look' }, stage.held() && store.read(GOING));
    const stand = (): void => (document.visibilityState === 'hidden' ? stage.release() : stage.want());
    let reserved = 0;
    const reserve = (pixels = reserved): void => {
      reserved = pixels;
      renderer.reserve(pixels);
      inbox.stand(stage.held() && pixels < Infinity);
    };
    const port: ChatPort = {
      options,
      language: languageOf(options.locale),
      scope,
      store,
      identity,
      host: (tag, css) => createHost(scope, tag, css),
      id: uuid7,
      guard,
      themes,
      poke,
      linked: socket.linked,
      reserve,
    };
    const chat = hookChat(port, script || `${apiUrl}/sdk/`);

    if (tabs) {
      tabs.onmessage = guard(({ data }: MessageEvent<ServerFrame>) => heed(data));
      scope.own(() => tabs.close());
    }
    // Not every browser says when it is idle.
    if (options.chat) (window.requestIdleCallback ?? setTimeout)(() => chat({ type: 'look' }, true));

    scope.own(renderer.destroy);
    scope.listen('visibilitychange pageshow', stand);
    scope.listen('pagehide', stage.release);
    stand();
    return {
      look() {
        inbox.look();
        socket.drain();
        lookAtChat();
      },
      lead: (held) => (held ? socket.open() : socket.close()),
      clear: inbox.clear,
      chat,
      setTheme(next) {
        themes.push(next);
        renderer.setTheme(next);
        chat({ type: 'theme', theme: next });
      },
      onStage: stage.held,
    };
  };
}
