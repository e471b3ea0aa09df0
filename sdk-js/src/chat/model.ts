/**
 * The conversation of this browser's user, kept up to date: by the API when it opens, by frames from the line, by what other
 * tabs write into the store. Decides nothing about how it looks.
 */

import type { ChatOptions } from '../options';
import type { ChatSession, ClientFrame, ErrorFrame, Nudge, ServerFrame } from '../wire';
import { GONE, createDesk } from './desk';
import { createLink } from './link';
import { type ChatPort, GOING, OUTBOX, type Told, type Unsent } from './port';
import { createRemote } from './remote';
import type { Scene, Wishes } from './scene';
import {
  type Line,
  SILENCE,
  type Talk,
  change,
  drop,
  handledBy,
  hear,
  isAnswering,
  isWriting,
  lastAt,
  linesOf,
  overlaps,
  put,
  quote,
  readAt,
  resume,
  unread,
} from './talk';
import { createDrawer, isOverdue, lineFrom, startsAnew } from './unsent';
import type { Words } from './words/words';

export interface Model extends Wishes {
  scene(): Scene;
  /** A frame, or something that happened in the page. */
  hear(told: Told): void;
  /** Loads the conversation, unless it is here. */
  wake(): void;
  /** The user has seen what is there. */
  read(): void;
  /** The user asks about this. */
  quote(nudge: Nudge): void;
}

/** `[user, when]`: up to when they have read; Unix milliseconds of the server's clock. */
const READ = 'chatread';
const NOTICE_MS = 6000;
/** So long a wish is taken for under way; milliseconds. */
const WISH_MS = 15_000;
/** Why a wish for a person cannot be taken back: what the panel says of who answers tells it well enough. */
const CANNOT_CANCEL = /^(person|nobody)_/;
const DAY_MS = 24 * 3600_000;

/** @param changed something is to be drawn anew. */
export function createModel(port: ChatPort, words: Words, changed: () => void): Model {
  const { scope, store, identity, id: fresh } = port;
  const { playbook, greeting, suggestions = [] } = Object(port.options.chat) as ChatOptions;
  const drawer = createDrawer(port);
  const link = createLink(port);
  let talk: Talk = SILENCE;
  let user = '';
  /** What the user asks about, until the conversation is here. */
  let quoted: Nudge | undefined;
  let notice = '';
  /** Until when something holds; Unix milliseconds. */
  let noticeUntil = 0;
  let askingUntil = 0;
  let stoppedUntil = 0;

  const readBefore = (): number | undefined => {
    const [whose, at] = store.read<[string, number]>(READ) ?? [];
    return whose === user ? at : undefined;
  };
  const post = (frame: ClientFrame): void => {
    store.save(OUTBOX + fresh(), frame);
    port.poke();
  };
  const say = (text: string): void => {
    notice = text;
    noticeUntil = Date.now() + NOTICE_MS;
  };
  const update = (next: Talk): void => {
    talk = next;
    const isLive = !!talk.conversation && !talk.ended && Date.now() - lastAt(talk) < DAY_MS;
    const isGoing = isLive || !!unread(talk)[0];
    // Another tab may know more than this one, which has not asked the API yet.
    if (!isGoing && desk.session()) store.forget(GOING);
    else if (isGoing && !store.read(GOING)) store.save(GOING, true);
    changed();
  };
  const take = ({ conversation, messages }: ChatSession): boolean => {
    const follows = overlaps(talk, messages);
    const next = resume(talk, conversation, messages, Date.now());
    const whole = quoted ? quote(next, quoted) : next;
    const read = readBefore() ?? Math.max(next.read, readAt(next));
    quoted = undefined;
    talk = { ...whole, read };
    return follows;
  };

  /** Sends what waits in vain once more; then it is the user's turn. */
  const hurry = (id: string, unsent: Unsent): void => {
    if (unsent.hurried) drawer.fail(id, 'timeout');
    else drawer.send(id, { ...unsent, hurried: true });
  };
  /** What the store has to say: what waits to be sent, and what was read in other tabs. */
  const sync = (): void => {
    const now = Date.now();
    for (const [id, unsent] of drawer.all(user)) if (link.since() && isOverdue(unsent, link.since(), now)) hurry(id, unsent);
    const waiting = drawer.all(user);
    const isKnown = (line: Line): boolean => !line.sending || waiting.has(line.message_id);
    const isNews = ({ message_id, code }: Line): boolean =>
      !talk.lines.some((line) => line.client_message_id === message_id && (!line.sending || line.code === code));
    const lines = [...waiting].map(([id, unsent]) => lineFrom(id, unsent)).filter(isNews);
    const read = Math.max(talk.read, readBefore() ?? 0);
    update(put({ ...talk, read, lines: talk.lines.filter(isKnown) }, lines));
  };
  const meet = (): void => {
    const { userId } = identity.person();
    if (!userId || userId === user) return;
    user = userId;
    talk = SILENCE;
    desk.meet(user);
    sync();
  };
  const desk = createDesk(port, createRemote(port), take, () => {
    meet();
    sync();
  });
  const reload = (): void => void desk.load();

  const send = (text: string): void => {
    const at = Date.now();
    stoppedUntil = 0;
    drawer.send(fresh(), { user, text, conversation: talk.ended ? null : talk.conversation, playbook, at, sent: at });
    sync();
  };
  const hearError = ({ code, client_message_id: id, message_id }: ErrorFrame): void => {
    const unsent = id && drawer.all(user).get(id);
    if (code === GONE) desk.close();
    if (unsent && startsAnew(unsent, code)) drawer.send(id, { ...unsent, conversation: null, again: true });
    else if (unsent) drawer.fail(id, code);
    else if (CANNOT_CANCEL.test(code)) talk = { ...talk, handling: { ...talk.handling, may_cancel: false } };
    else if (!id) say(words.wrong);
    if (message_id) talk = change(talk, message_id, { rating: undefined });
    askingUntil = stoppedUntil = 0;
    sync();
  };
  const hearFrame = (frame: ServerFrame): void => {
    if (frame.type === 'error') return hearError(frame);
    if ('client_message_id' in frame && frame.client_message_id) drawer.forget(frame.client_message_id);
    if (frame.type === 'handoff') {
      say(frame.handled_by === 'agent' && handledBy(talk) !== 'agent' ? words.back : '');
      askingUntil = 0;
    }
    if (frame.type === 'message') stoppedUntil = 0;
    update(hear(talk, frame, Date.now()));
  };

  // What passes by itself, such as somebody's typing, what waits in vain, and a line that may be down for long.
  scope.pulse(1000, () => (talk.lines[0] || talk.typing || notice || !link.since()) && sync());
  scope.listen('online offline', () => (desk.phase() === 'broken' ? reload() : changed()));

  return {
    send,
    reload,
    scene() {
      const now = Date.now();
      const session = desk.session();
      const isStopped = stoppedUntil > now;
      return {
        talk,
        phase: desk.phase(),
        offline: link.isDown(now),
        older: desk.hasOlder(),
        available: session?.person_available ?? true,
        asking: askingUntil > now,
        suggestions: (session?.suggestions?.length ? session.suggestions : suggestions).slice(0, 4),
        greeting: greeting ?? session?.greeting ?? '',
        answering: isAnswering(talk, now) && !isStopped,
        writing: isWriting(talk, now) && !isStopped,
        unread: unread(talk),
        notice: noticeUntil > now ? notice : '',
      };
    },
    hear(told) {
      meet();
      link.hear(told);
      const phase = desk.phase();
      if (told.type === 'hello' && (phase === 'broken' || (phase === 'ready' && !told.resumed))) reload();
      else if (told.type === 'look') {
        sync();
        if (phase === 'idle' && store.read(GOING)) reload();
      } else if (told.type !== 'open' && told.type !== 'mount' && told.type !== 'theme') hearFrame(told);
    },
    wake() {
      if (!desk.session()) reload();
    },
    read() {
      const at = lastAt(talk);
      if (at <= talk.read) return;
      store.save(READ, [user, at]);
      port.poke();
    },
    quote(nudge) {
      if (desk.session()) update(quote(talk, nudge));
      else quoted = nudge;
    },
    retry({ message_id }) {
      const unsent = drawer.all(user).get(message_id);
      if (unsent) drawer.send(message_id, { ...unsent, hurried: false });
      sync();
    },
    remove({ message_id }) {
      drawer.forget(message_id);
      update(drop(talk, message_id));
    },
    rate({ message_id }, rating) {
      post({ type: 'feedback', message_id, rating });
      say(words.thanks);
      update(change(talk, message_id, { rating }));
    },
    stop() {
      if (talk.conversation) post({ type: 'stop', conversation_id: talk.conversation });
      stoppedUntil = Date.now() + WISH_MS;
      update({ ...talk, owed: 0 });
    },
    human() {
      if (talk.conversation && !talk.ended) post({ type: 'request_human', conversation_id: talk.conversation });
      else send(words.wish);
      askingUntil = Date.now() + WISH_MS;
      changed();
    },
    cancel() {
      post({ type: 'cancel_human', conversation_id: talk.conversation! });
      askingUntil = Date.now() + WISH_MS;
      changed();
    },
    async earlier() {
      const page = await desk.older();
      if (!page) say(words.wrong);
      update(put(talk, linesOf(page?.items ?? [])));
    },
    anew() {
      update({ ...talk, conversation: null, ended: false });
    },
  };
}
