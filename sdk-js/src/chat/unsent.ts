/**
 * What the user wrote until the server has it: kept in storage for all tabs and over reloads, and sent by whichever tab
 * leads. However often it is tried, its id stays the same, so that the server keeps it once.
 */

import type { SendMessage } from '../wire';
import { type ChatPort, OUTBOX, UNSENT, type Unsent } from './port';
import type { Line } from './talk';

export interface Drawer {
  /** All of one user's, by id; those of others go. While nobody knows who it is, none goes. */
  all(user: string): ReadonlyMap<string, Unsent>;
  /** Sends it, for the first time or again. */
  send(id: string, unsent: Unsent): void;
  fail(id: string, code: string): void;
  forget(id: string): void;
}

/** Without an answer on an open line for so long, it did not arrive; milliseconds. */
export const PATIENCE_MS = 15_000;

export function createDrawer({ store: { read, save, forget, names }, id: fresh, poke }: ChatPort): Drawer {
  const look = (id: string): Unsent | undefined => read(UNSENT + id);
  return {
    all(user) {
      const found = new Map<string, Unsent>();
      for (const key of names(UNSENT)) {
        const unsent = read<Unsent>(key);
        // What was written before its user was known is theirs.
        if (unsent && (!unsent.user || unsent.user === user)) found.set(key.slice(UNSENT.length), unsent);
        else if (user) forget(key);
      }
      return found;
    },
    send(id, unsent) {
      const { conversation, playbook, text } = unsent;
      const frame: SendMessage = { type: 'send_message', conversation_id: conversation, client_message_id: id, text, playbook };
      save(UNSENT + id, { ...unsent, sent: Date.now(), code: undefined });
      save(OUTBOX + fresh(), frame);
      poke();
    },
    fail(id, code) {
      const unsent = look(id);
      if (unsent && !unsent.code) save(UNSENT + id, { ...unsent, code });
    },
    forget: (id) => forget(UNSENT + id),
  };
}

/** As it stands among what was said. */
export const lineFrom = (id: string, { text, conversation, at, code }: Unsent): Line => ({
  message_id: id,
  client_message_id: id,
  role: 'user',
  text,
  conversation_id: conversation,
  at,
  position: Infinity,
  sending: code ? 'failed' : 'sending',
  code,
});

/** What waits in vain: the line has been open for long enough, and nobody has confirmed it. */
export const isOverdue = ({ sent, code }: Unsent, openSince: number, now: number): boolean =>
  !code && now - Math.max(sent, openSince) > PATIENCE_MS;

/** The conversation that it was written for does not take it any more: a new one may. */
export const startsAnew = ({ again, conversation }: Unsent, code: string): boolean =>
  !again && !!conversation && (code === 'conversation_ended' || code === 'not_found');
