/**
 * How nudges and messages reach the user: the leading tab's socket brings them, the inbox keeps them for all tabs, and the
 * tab on stage shows them. The entry without rendering leaves all of this out.
 */

import type { Identity } from './identity';
import { createInbox } from './inbox';
import type { Options } from './options';
import type { RendererFactory, Theme } from './render/contract';
import type { Scope } from './scope';
import { createSocket } from './socket';
import type { Store } from './store';
import { createRole } from './tabs';

export interface Delivery {
  /** The store may have changed. */
  look(): void;
  /** This tab leads from now on, or does not. */
  lead(held: boolean): void;
  /** Forgets what waits for the user who leaves. */
  clear(): void;
  setTheme(theme: Theme): void;
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
}

export type DeliveryFactory = (parts: DeliveryParts) => Delivery;

export function deliverWith(createRenderer: RendererFactory): DeliveryFactory {
  return ({ scope, store, identity, options, site, poke }) => {
    const renderer = createRenderer({ ...options, onReply: (text) => inbox.reply(text) });
    const inbox = createInbox(scope, site, store, renderer, poke);
    const socket = createSocket(scope, store, identity, options.wsUrl, inbox.receive);
    const stage = createRole('stage', site, scope, store, inbox.stand);
    const stand = (): void => (document.visibilityState === 'hidden' ? stage.release() : stage.want());

    scope.own(renderer.destroy);
    scope.listen('visibilitychange pageshow', stand);
    scope.listen('pagehide', stage.release);
    stand();
    return {
      look() {
        inbox.look();
        socket.drain();
      },
      lead: (held) => (held ? socket.open() : socket.close()),
      clear: inbox.clear,
      setTheme: renderer.setTheme,
      onStage: stage.held,
    };
  };
}
