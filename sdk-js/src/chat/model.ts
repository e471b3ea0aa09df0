/**
 * The conversation of this browser's user, kept up to date: by the API when it opens, by frames from the line, by what other
 * tabs write into the store. Decides nothing about how it looks.
 */

import type { ChatSession, ClientFrame, ErrorFrame, Nudge, ServerFrame } from '../wire';
import { type ChatPort, GOING, OUTBOX, type Told, type Unsent } from './port';
import { Refused, type Remote } from './remote';
import type { Phase, Scene, Wishes } from './scene';
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
  lineOf,
  put,
  resume,
  unread,
} from './talk';
import { createDrawer, isOverdue, startsAnew } from './unsent';
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

/** `[user, when]`: up to when they have read; and when the API last said whether they have a chat, 0: not any more. */
const READ = 'chatread';
const CHECKED = 'chatcheck';
type Stamp = readonly [user: string, at: number, gone?: boolean];
/** For so long what the API said of the chat holds without asking again; milliseconds. */
const CHECK_MS = 30 * 60_000;
/** A line that is down for less is nobody's concern. */
const BLINK_MS = 2500;
const NOTICE_MS = 6000;
const ASKING_MS = 15_000;
const DAY_MS = 24 * 3600_000;
const GONE = 'conversations_unavailable';

/** @param changed something is to be drawn anew. */
export function createModel(port: ChatPort, remote: Remote, words: Words, changed: () => void): Model {
  const { scope, store, identity, language, id: fresh } = port;
  const { playbook, suggestions = [] } = Object(port.options.chat) as { playbook?: string; suggestions?: readonly string[] };
  const drawer = createDrawer(port);
  let talk: Talk = SILENCE;
  let user = '';
  let phase: Phase = 'idle';
  let session: ChatSession | undefined;
  let cursor: string | null = null;
  let loading = false;
  /** When the line came up, or 0; and when it went down. */
  let upSince = port.linked() ? Date.now() : 0;
  let downSince = Date.now();
  /** What the user asks about, until the conversation is here. */
  let quoted: Nudge | undefined;
  let notice = '';
  let noticeUntil = 0;
  let askingUntil = 0;
  let stoppedUntil = 0;

  const stamp = (key: string): Stamp | undefined => {
    const found = store.read<Stamp>(key);
    return found?.[0] === user ? found : undefined;
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
    const now = Date.now();
    const isGoing = (!!talk.conversation && !talk.ended && now - lastAt(talk) < DAY_MS) || unread(talk).length > 0;
    // Another tab may know more than this one, which has not asked the API yet.
    if (isGoing) store.save(GOING, true);
    else if (phase === 'ready' || phase === 'gone') store.forget(GOING);
    changed();
  };

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
  /** What the store has to say: what waits to be sent, and what was read in other tabs. */
  const sync = (): void => {
    const waiting = drawer.all(user);
    const now = Date.now();
    for (const [id, unsent] of waiting) if (upSince && isOverdue(unsent, upSince, now)) drawer.fail(id, 'timeout');
    const isKnown = (line: Line): boolean => !line.sending || waiting.has(line.client_message_id!);
    const isNews = ([id, { code }]: readonly [string, Unsent]): boolean =>
      !talk.lines.some((line) => line.client_message_id === id && (!line.sending || line.code === code));
    const lines = [...drawer.all(user)].filter(isNews).map(([id, unsent]) => lineFrom(id, unsent));
    const read = Math.max(talk.read, stamp(READ)?.[1] ?? 0);
    update(put({ ...talk, read, lines: talk.lines.filter(isKnown) }, lines));
  };
  const meet = (): void => {
    const { userId } = identity.person();
    if (!userId || userId === user) return;
    user = userId;
    talk = SILENCE;
    session = undefined;
    cursor = null;
    const checked = stamp(CHECKED);
    const isFresh = !!checked && Date.now() - checked[1] < CHECK_MS;
    phase = isFresh && checked[2] ? 'gone' : 'idle';
    if (!isFresh || store.read(GOING)) void load();
    sync();
  };

  const load = port.guard(async () => {
    if (loading) return;
    loading = true;
    if (phase !== 'ready') phase = 'loading';
    changed();
    let answer: ChatSession | undefined;
    try {
      const { userId } = await identity.refresh();
      meet();
      answer = await remote.open(playbook, language);
      if (user !== userId) answer = undefined;
    } catch (error) {
      const isGone = error instanceof Refused && error.code === GONE;
      if (isGone) store.save(CHECKED, [user, Date.now(), true]);
      if (isGone || phase !== 'ready') phase = isGone ? 'gone' : 'broken';
    }
    loading = false;
    if (answer) take(answer);
    sync();
  });
  const take = (answer: ChatSession): void => {
    const { conversation, messages, next_cursor } = answer;
    const isKnown = messages.some(({ message_id }) => talk.lines.some((line) => line.message_id === message_id));
    // What lies between what was here and what came now is not known: then it begins with what came.
    const kept = session && !isKnown ? { ...talk, lines: talk.lines.filter(({ sending, local }) => sending || local) } : talk;
    if (!session || !isKnown) cursor = next_cursor;
    session = answer;
    phase = 'ready';
    store.save(CHECKED, [user, Date.now()]);
    const next = withQuote(resume(kept, conversation, messages, Date.now()));
    const own = next.lines.filter(({ role, sending }) => role === 'user' && !sending).pop()?.at ?? 0;
    // On a browser that has not seen the conversation yet, what the user has answered was read, or all, when nothing is new.
    update({ ...next, read: stamp(READ)?.[1] ?? Math.max(next.read, store.read(GOING) ? own : lastAt(next)) });
  };
  const withQuote = (next: Talk): Talk => {
    if (!quoted || next.lines.some(({ message_id }) => message_id === quoted!.nudge_id)) return next;
    const { nudge_id, title, body } = quoted;
    const at = Math.max(0, ...next.lines.map((line) => line.at)) + 1;
    quoted = undefined;
    return put(next, [{ message_id: nudge_id, role: 'assistant', text: `**${title}**\n\n${body}`, conversation_id: null, at, position: 0, local: true }]);
  };
  const reload = (): void => void load();

  const send = (text: string): void => {
    const conversation = talk.ended ? null : talk.conversation;
    const at = Date.now();
    stoppedUntil = 0;
    drawer.send(fresh(), { user, text, conversation, playbook, at, sent: at });
    sync();
  };
  const hearError = ({ code, client_message_id, message_id }: ErrorFrame): void => {
    const unsent = client_message_id && drawer.all(user).get(client_message_id);
    if (code === GONE) {
      phase = 'gone';
      store.save(CHECKED, [user, Date.now(), true]);
    }
    if (unsent && startsAnew(unsent, code)) drawer.send(client_message_id, { ...unsent, conversation: null, again: true });
    else if (unsent) drawer.fail(client_message_id, code);
    else if (!client_message_id) say(words.wrong);
    if (message_id) talk = change(talk, message_id, { rating: undefined });
    askingUntil = stoppedUntil = 0;
    sync();
  };
  const hearFrame = (frame: ServerFrame): void => {
    if (frame.type === 'error') return hearError(frame);
    const clientId = 'client_message_id' in frame && frame.client_message_id;
    if (clientId) drawer.forget(clientId);
    if (frame.type === 'handoff') {
      if (handledBy(talk) !== 'agent' && frame.handled_by === 'agent') say(words.back);
      askingUntil = 0;
    }
    if (frame.type === 'message') stoppedUntil = 0;
    update(hear(talk, frame, Date.now()));
  };
  const setUp = (isUp: boolean): void => {
    const now = Date.now();
    if (isUp) upSince = now;
    else if (upSince) {
      upSince = 0;
      downSince = now;
    }
    changed();
  };

  // What passes by itself, such as somebody's typing, and what waits in vain.
  scope.pulse(1000, () => (talk.lines.length || talk.typing || notice) && sync());
  scope.listen('online offline', changed);
  scope.listen('online', () => phase === 'broken' && reload());

  return {
    send,
    reload,
    scene() {
      const now = Date.now();
      const isDown = !upSince && now - downSince > BLINK_MS;
      return {
        talk,
        phase,
        offline: !navigator.onLine || isDown,
        older: !!cursor,
        available: session?.person_available ?? true,
        asking: askingUntil > now,
        suggestions: (session?.suggestions?.length ? session.suggestions : suggestions).slice(0, 4),
        answering: isAnswering(talk, now) && stoppedUntil < now,
        writing: isWriting(talk, now) && stoppedUntil < now,
        unread: unread(talk),
        notice: noticeUntil > now ? notice : '',
      };
    },
    hear(told) {
      meet();
      if (told.type === 'hello') {
        setUp(true);
        if (!told.resumed && phase === 'ready') reload();
        else if (phase === 'broken') reload();
      } else if (told.type === 'closed') setUp(false);
      else if (told.type === 'look') {
        sync();
        if (store.read(GOING) && phase === 'idle') reload();
      } else if (told.type !== 'open' && told.type !== 'mount' && told.type !== 'theme') hearFrame(told);
    },
    wake() {
      if (phase === 'idle' || phase === 'gone') reload();
    },
    read() {
      const at = lastAt(talk);
      if (at <= talk.read) return;
      store.save(READ, [user, at]);
      port.poke();
    },
    quote(nudge) {
      quoted = nudge;
      if (phase === 'ready') update(withQuote(talk));
    },
    retry({ message_id }) {
      const unsent = drawer.all(user).get(message_id);
      if (unsent) drawer.send(message_id, unsent);
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
      stoppedUntil = Date.now() + ASKING_MS;
      update({ ...talk, owed: 0 });
    },
    human() {
      if (talk.conversation && !talk.ended) post({ type: 'request_human', conversation_id: talk.conversation });
      else send(words.wish);
      askingUntil = Date.now() + ASKING_MS;
      changed();
    },
    async earlier() {
      if (!session || !cursor) return;
      try {
        const page = await remote.older(session.token, cursor);
        cursor = page.next_cursor;
        update(put(talk, page.items.map(lineOf)));
      } catch (error) {
        if (error instanceof Refused && error.status === 401) return reload();
        say(words.wrong);
        changed();
      }
    },
    anew() {
      update({ ...talk, conversation: null, ended: false });
    },
  };
}
