/**
 * What the user wrote until the server has it: kept in storage for all tabs and over reloads, and sent by whichever tab
 * leads. However often it is tried, its id stays the same, so that the server keeps it once.
 */

import type { SendMessage } from '../wire';
import { type ChatPort, OUTBOX, UNSENT, type Unsent } from './port';
import { type Line, type Talk, put } from './talk';

export interface Drawer {
  /** All of one user's, by id; those of others go. While nobody knows who it is, none goes. */
  all(user: string): ReadonlyMap<string, Unsent>;
  /** Sends it, for the first time or again. */
  send(id: string, unsent: Unsent): void;
  fail(id: string, code: string): void;
  /** Sends what of a user's waits in vain once more; then it is their turn. */
  hurry(user: string, openSince: number): void;
  forget(id: string): void;
}

/** Without an answer on an open line for so long, it did not arrive; milliseconds. */
export const PATIENCE_MS = 15_000;

export function createDrawer({ store: { read, save, forget, names }, id: fresh, poke }: ChatPort): Drawer {
  const look = (id: string): Unsent | undefined => read(UNSENT + id);
  const all: Drawer['all'] = (user) => {
    const found = new Map<string, Unsent>();
    for (const key of names(UNSENT)) {
      const unsent = read<Unsent>(key);
      // What was written before its user was known is theirs.
      if (unsent && (!unsent.user || unsent.user === user)) found.set(key.slice(UNSENT.length), unsent);
      else if (user) forget(key);
    }
    return found;
  };
  const send: Drawer['send'] = (id, unsent) => {
    const { conversation, playbook, text } = unsent;
    const frame: SendMessage = { type: 'send_message', conversation_id: conversation, client_message_id: id, text, playbook };
    save(UNSENT + id, { ...unsent, sent: Date.now(), code: undefined });
    save(OUTBOX + fresh(), frame);
    poke();
  };
  const fail: Drawer['fail'] = (id, code) => {
    const unsent = look(id);
    if (unsent && !unsent.code) save(UNSENT + id, { ...unsent, code });
  };

  return {
    all,
    send,
    fail,
    hurry(user, openSince) {
      for (const [id, unsent] of all(user)) {
        if (!isOverdue(unsent, openSince, Date.now())) continue;
        if (unsent.hurried) fail(id, 'timeout');
        else send(id, { ...unsent, hurried: true });
      }
    },
    forget: (id) => forget(UNSENT + id),
  };
}

/** What was said, and what waits as it stands among that; what does not wait any more goes. */
export function withUnsent(talk: Talk, waiting: ReadonlyMap<string, Unsent>): Talk {
  const isKnown = (line: Line): boolean => !line.sending || waiting.has(line.message_id);
  const isNews = ({ message_id, code }: Line): boolean =>
    !talk.lines.some((line) => line.client_message_id === message_id && (!line.sending || line.code === code));
  const lines = [...waiting].map(([id, unsent]) => lineFrom(id, unsent)).filter(isNews);
  return put({ ...talk, lines: talk.lines.filter(isKnown) }, lines);
}

/** As it stands among what was said. */
const lineFrom = (id: string, { text, conversation, at, code }: Unsent): Line => ({
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
  !code && !!openSince && now - Math.max(sent, openSince) > PATIENCE_MS;

/** The conversation that it was written for does not take it any more: a new one may. */
export const startsAnew = ({ again, conversation }: Unsent, code: string): boolean =>
  !again && !!conversation && (code === 'conversation_ended' || code === 'not_found');
