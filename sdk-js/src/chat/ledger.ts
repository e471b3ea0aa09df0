/** The conversation as this tab knows it, kept in step with the API and with the store that all tabs share. */

import type { ChatSession, Nudge } from '../wire';
import type { Link } from './link';
import { type ChatPort, GOING } from './port';
import { SILENCE, type Talk, lastAt, overlaps, quote, readAt, resume, unread } from './talk';
import { type Drawer, withUnsent } from './unsent';

export interface Ledger {
  talk(): Talk;
  user(): string;
  /** Somebody else uses the chat from now on. */
  begin(user: string): void;
  /** Takes on what is known now, and has it drawn. */
  update(next: Talk): void;
  /** Takes on what the store says: what waits to be sent, and what was read in other tabs. */
  sync(): void;
  /** Takes on what the API says; returns whether that follows on what is here. */
  take(session: ChatSession): boolean;
  /** The user asks about this; it is shown once the conversation is here. */
  quote(nudge: Nudge): void;
  /** The user has seen what is there. */
  read(): void;
}

/** `[user, when]`: up to when they have read; Unix milliseconds of the server's clock. */
const READ = 'chatread';
const DAY_MS = 24 * 3600_000;

/** @param isKnown whether the API was asked yet. @param changed something is to be drawn anew. */
export function createLedger({ store, poke }: ChatPort, drawer: Drawer, link: Link, isKnown: () => boolean, changed: () => void): Ledger {
  let talk = SILENCE;
  let user = '';
  let quoted: Nudge | undefined;

  const readBefore = (): number | undefined => {
    const [whose, at] = store.read<[string, number]>(READ) ?? [];
    return whose === user ? at : undefined;
  };
  const update = (next: Talk): void => {
    talk = next;
    const isLive = !!talk.conversation && !talk.ended && Date.now() - lastAt(talk) < DAY_MS;
    const isGoing = isLive || !!unread(talk)[0] || talk.lines.some(({ sending }) => sending);
    // Another tab may know more than this one, which has not asked the API yet.
    if (!isGoing && isKnown()) store.forget(GOING);
    else if (isGoing && !store.read(GOING)) store.save(GOING, true);
    changed();
  };

  return {
    talk: () => talk,
    user: () => user,
    update,
    begin(next) {
      user = next;
      talk = SILENCE;
    },
    sync() {
      drawer.hurry(user, link.since());
      const read = Math.max(talk.read, readBefore() ?? 0);
      update(withUnsent({ ...talk, read }, drawer.all(user)));
    },
    take({ conversation, messages }) {
      const follows = overlaps(talk, messages);
      const next = resume(talk, conversation, messages, Date.now());
      const read = readBefore() ?? Math.max(next.read, readAt(next));
      talk = { ...(quoted ? quote(next, quoted) : next), read };
      quoted = undefined;
      return follows;
    },
    quote(nudge) {
      if (isKnown()) update(quote(talk, nudge));
      else quoted = nudge;
    },
    read() {
      const at = lastAt(talk);
      if (at <= talk.read) return;
      store.save(READ, [user, at]);
      poke();
    },
  };
}
