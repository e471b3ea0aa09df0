/**
 * Nudges and messages that came for the user, and which of them were shown. They come to the leading tab, are kept for
 * all, and are handed to the renderer of the tab on stage; none is shown twice, however many tabs or reloads there are.
 */

import { uuid7 } from './ids';
import type { Renderer } from './render/contract';
import type { Scope } from './scope';
import { OUTBOX } from './socket';
import type { Store } from './store';
import type { ChatMessage, ClientFrame, Nudge, ServerFrame } from './wire';

export interface Item {
  readonly nudge?: Nudge;
  readonly message?: ChatMessage;
}

/** What tabs tell each other; storage says the same, these say it now (and where there is no shared storage, at all). */
export type InboxNote =
  | { readonly t: 'item'; readonly id: string; readonly item: Item }
  | { readonly t: 'seen'; readonly id: string; readonly hide?: boolean }
  | { readonly t: 'out'; readonly key: string; readonly frame: ClientFrame };

export interface Inbox {
  /** A frame from the gateway. */
  receive(frame: ServerFrame): void;
  /** A note of another tab. */
  hear(note: InboxNote): void;
  /** This tab got the stage, or lost it. */
  enter(): void;
  leave(): void;
  reply(text: string): void;
  /** Forgets what waits for the user who leaves; what was shown stays known. */
  clear(): void;
}

/** `n:<id>` holds an item while it waits, and afterwards the time at which it was shown. */
const ITEM = 'n:';
const MAX_SEEN = 200;

/** @param tell tells the other tabs. @param drain a frame waits in the outbox. */
export function createInbox(
  scope: Scope,
  store: Store,
  renderer: Renderer,
  tell: (note: InboxNote) => void,
  drain: () => void,
): Inbox {
  let onStage = false;
  let conversation: string | null = null;
  /** Handed to this tab's renderer, and not shown yet. */
  const handed = new Set<string>();

  const entries = (): [key: string, held: Item | number][] =>
    store.keys(ITEM).flatMap((key) => [[key, store.read<Item | number>(key) ?? 0]]);

  const markSeen = (id: string): void => {
    handed.delete(id);
    store.write(ITEM + id, Date.now());
    const seen = entries().filter(([, held]) => typeof held === 'number');
    seen.sort(([, a], [, b]) => +b - +a).slice(MAX_SEEN).forEach(([key]) => store.remove(key));
  };
  const see = (id: string): void => {
    markSeen(id);
    tell({ t: 'seen', id });
  };
  const post = (frame: ClientFrame): void => {
    const key = OUTBOX + uuid7();
    store.write(key, frame);
    tell({ t: 'out', key, frame });
    drain();
  };
  const put = (id: string, item: Item): void => {
    if (store.read(ITEM + id) === undefined) store.write(ITEM + id, item);
    present();
  };
  const offer = (id: string, item: Item): void => {
    put(id, item);
    tell({ t: 'item', id, item });
  };

  const present = (): void => {
    for (const [key, held] of onStage ? entries() : []) {
      const id = key.slice(ITEM.length);
      if (typeof held === 'object' && !handed.has(id)) scope.guard(show)(id, held);
    }
  };
  const show = (id: string, { nudge, message }: Item): void => {
    if (!nudge) see(id);
    if (message) {
      conversation = message.conversation_id;
      renderer.showMessage(message);
    }
    if (!nudge) return;
    handed.add(id);
    renderer.show(nudge, scope.guard((status) => {
      if (status === 'shown') see(id);
      post({ type: 'nudge.ack', nudge_id: id, status });
    }));
  };
  const conclude = (id: string, hide?: boolean): void => {
    if (handed.has(id) || hide) renderer.hide(id);
    markSeen(id);
  };
  /** Takes back from the renderer what it has not shown. */
  const withdraw = (): void => {
    for (const id of handed) renderer.hide(id);
    handed.clear();
  };

  return {
    receive(frame) {
      if (frame.type === 'nudge' && isWhole(frame.nudge)) offer(frame.nudge.nudge_id, { nudge: frame.nudge });
      else if (frame.type === 'message') offer(frame.message_id, { message: frame });
      else if (frame.type === 'nudge.status') {
        const hide = frame.status !== 'shown';
        conclude(frame.nudge_id, hide);
        tell({ t: 'seen', id: frame.nudge_id, hide });
      }
    },
    hear(note) {
      if (note.t === 'item') put(note.id, note.item);
      else if (note.t === 'seen') conclude(note.id, note.hide);
      else {
        if (!store.shared) store.write(note.key, note.frame);
        drain();
      }
    },
    enter() {
      onStage = true;
      present();
    },
    leave() {
      onStage = false;
      withdraw();
    },
    reply: (text) => post({ type: 'send_message', conversation_id: conversation, client_message_id: uuid7(), text }),
    clear() {
      for (const [key, held] of entries()) if (typeof held === 'object') store.remove(key);
      store.keys(OUTBOX).forEach(store.remove);
      withdraw();
    },
  };
}

/** What cannot be shown is better never kept. */
const isWhole = ({ nudge_id, title, body, actions }: Nudge): boolean =>
  [nudge_id, title, body].every((text) => typeof text === 'string') && Array.isArray(actions);
