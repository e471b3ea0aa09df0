/**
 * How nudges and messages reach the user: the leading tab's socket brings them, the inbox keeps them for all tabs, and the
 * tab on stage shows them. The entry without rendering leaves all of this out.
 */

import type { Identity } from './identity';
import { type Inbox, createInbox } from './inbox';
import type { Options } from './options';
import type { Renderer, RendererFactory } from './render/contract';
import type { Scope } from './scope';
import { type Socket, createSocket } from './socket';
import type { Store } from './store';
import { createRole } from './tabs';

export interface Delivery {
  readonly renderer: Renderer;
  readonly inbox: Inbox;
  readonly socket: Socket;
  readonly onStage: () => boolean;
}

export interface DeliveryParts {
  readonly scope: Scope;
  readonly store: Store;
  readonly identity: Identity;
  readonly options: Options;
  readonly site: string;
  /** Tells all tabs, this one too, that the store changed. */
  readonly poke: () => void;
}

export type DeliveryFactory = (parts: DeliveryParts) => Delivery;

export function deliverWith(createRenderer: RendererFactory): DeliveryFactory {
  return ({ scope, store, identity, options, site, poke }) => {
    const { locale, direction, theme, onAction, wsUrl } = options;
    const renderer = createRenderer({
      document,
      guard: scope.guard,
      locale,
      direction,
      theme: theme && { variables: {}, ...theme },
      onAction,
      onReply: (text) => inbox.reply(text),
    });
    const inbox = createInbox(scope, store, renderer, poke);
    const socket = createSocket(scope, store, identity, wsUrl, inbox.receive);
    const stage = createRole('stage', site, scope, store, inbox.stand);
    const stand = (): void => (document.visibilityState === 'hidden' ? stage.release() : stage.want());

    scope.own(() => renderer.destroy());
    scope.listen('visibilitychange pageshow', stand);
    scope.listen('pagehide', () => stage.release());
    stand();
    return { renderer, inbox, socket, onStage: () => stage.held() };
  };
}
