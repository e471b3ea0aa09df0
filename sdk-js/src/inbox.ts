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

export type Item = { readonly nudge: Nudge } | { readonly message: ChatMessage };

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

export interface InboxParts {
  readonly scope: Scope;
  readonly store: Store;
  readonly renderer: Renderer | undefined;
  readonly tell: (note: InboxNote) => void;
  /** A frame waits in the outbox. */
  readonly drain: () => void;
}

/** `n:<id>` holds an item as JSON while it waits, and afterwards the time at which it was shown. */
const ITEM = 'n:';
const MAX_SEEN = 200;

export function createInbox({ scope, store, renderer, tell, drain }: InboxParts): Inbox {
  let onStage = false;
  let conversation: string | null = null;
  /** Handed to this tab's renderer, and not shown yet. */
  const handed = new Set<string>();

  const put = (id: string, item: Item): void => {
    if (store.get(ITEM + id) === null) store.set(ITEM + id, JSON.stringify(item));
    present();
  };
  const markSeen = (id: string): void => {
    handed.delete(id);
    store.set(ITEM + id, `${Date.now()}`);
    forgetOldest(store);
  };
  const see = (id: string): void => {
    markSeen(id);
    tell({ t: 'seen', id });
  };
  const post = (frame: ClientFrame): void => {
    const key = OUTBOX + uuid7();
    store.set(key, JSON.stringify(frame));
    tell({ t: 'out', key, frame });
    drain();
  };

  const present = (): void => {
    if (!onStage || !renderer) return;
    for (const key of store.keys(ITEM)) {
      const id = key.slice(ITEM.length);
      const item = waiting(store.get(key));
      if (item && !handed.has(id)) show(id, item, renderer);
    }
  };
  const show = (id: string, item: Item, to: Renderer): void => {
    if ('message' in item) {
      conversation = item.message.conversation_id;
      see(id);
      return to.showMessage(item.message);
    }
    const { nudge } = item;
    if (nudge.nudge_type === 'email_draft' || Date.parse(nudge.expires_at) < Date.now()) return see(id);
    handed.add(id);
    to.show(nudge, scope.guard((status) => {
      if (status === 'shown') see(id);
      post({ type: 'nudge.ack', nudge_id: id, status });
    }));
  };
  const conclude = (id: string, hide?: boolean): void => {
    const mine = handed.has(id);
    markSeen(id);
    if (mine || hide) renderer?.hide(id);
  };
  const offer = (id: string, item: Item): void => {
    put(id, item);
    tell({ t: 'item', id, item });
  };

  return {
    receive(frame) {
      if (frame.type === 'nudge') offer(frame.nudge.nudge_id, { nudge: frame.nudge });
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
        if (!store.shared) store.set(note.key, JSON.stringify(note.frame));
        drain();
      }
    },
    enter() {
      onStage = true;
      present();
    },
    leave() {
      onStage = false;
      for (const id of handed) renderer?.hide(id);
      handed.clear();
    },
    reply: (text) => post({ type: 'send_message', conversation_id: conversation, client_message_id: uuid7(), text }),
    clear() {
      for (const key of store.keys(ITEM)) if (waiting(store.get(key))) store.remove(key);
      for (const key of store.keys(OUTBOX)) store.remove(key);
      for (const id of handed) renderer?.hide(id);
      handed.clear();
    },
  };
}

const waiting = (value: string | null): Item | undefined => (value?.[0] === '{' ? (JSON.parse(value) as Item) : undefined);

function forgetOldest(store: Store): void {
  const seen = store.keys(ITEM).filter((key) => store.get(key)?.[0] !== '{');
  const byAge = seen.sort((a, b) => +store.get(a)! - +store.get(b)!);
  for (const key of byAge.slice(0, Math.max(0, seen.length - MAX_SEEN))) store.remove(key);
}
