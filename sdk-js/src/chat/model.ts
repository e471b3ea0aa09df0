/**
 * The conversation of this browser's user, kept up to date: by the API when it opens, by frames from the line, by what other
 * tabs write into the store. Decides nothing about how it looks.
 */

import type { ChatOptions } from '../options';
import type { Nudge } from '../wire';
import { createDesk } from './desk';
import { createHearing } from './hearing';
import { createLedger } from './ledger';
import { createLink } from './link';
import { createMoment, createNotice } from './moment';
import type { Parts } from './parts';
import { type ChatPort, GOING, type Told } from './port';
import { createRemote } from './remote';
import type { Scene, Wishes } from './scene';
import { OWED_MS, isAnswering, isWriting, unread } from './talk';
import { createDrawer } from './unsent';
import { createWishes } from './wishes';
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

/** So long a wish is taken for under way; milliseconds. */
const WISH_MS = 15_000;

/** @param changed something is to be drawn anew. */
export function createModel(port: ChatPort, words: Words, changed: () => void): Model {
  const { scope, store, identity } = port;
  const drawer = createDrawer(port);
  const link = createLink(port);
  const ledger = createLedger(port, drawer, link, () => !!desk.session(), changed);
  const desk = createDesk(port, createRemote(port), ledger.take, () => {
    meet();
    ledger.sync();
  });
  const moments = { notice: createNotice(), asking: createMoment(WISH_MS), stopped: createMoment(OWED_MS) };
  const parts: Parts = { port, words, ledger, desk, drawer, link, ...moments };
  const hearFrame = createHearing(parts);
  const wishes = createWishes(parts, changed);
  const meet = (): void => {
    const { userId } = identity.person();
    if (!userId || userId === ledger.user()) return;
    ledger.begin(userId);
    desk.meet(userId);
    ledger.sync();
  };
  const isMoving = (): boolean => {
    const { lines, typing } = ledger.talk();
    return !!lines[0] || !!typing || !!parts.notice.latest() || !link.since();
  };

  // What passes by itself, such as somebody's typing, what waits in vain, and a line that may be down for long.
  scope.pulse(1000, () => isMoving() && ledger.sync());
  scope.listen('online offline', () => (desk.phase() === 'broken' ? wishes.reload() : changed()));

  return {
    ...wishes,
    scene: () => sceneOf(parts, Date.now()),
    read: ledger.read,
    quote: ledger.quote,
    wake: () => void (desk.session() || wishes.reload()),
    hear(told) {
      meet();
      link.hear(told);
      const phase = desk.phase();
      if (told.type === 'hello' && (phase === 'broken' || (phase === 'ready' && !told.resumed))) wishes.reload();
      else if (told.type === 'look') {
        ledger.sync();
        if (phase === 'idle' && store.read(GOING)) wishes.reload();
      } else if (told.type !== 'open' && told.type !== 'mount' && told.type !== 'theme') hearFrame(told);
    },
  };
}

/** What there is to draw now. */
function sceneOf({ port, ledger, desk, link, notice, asking, stopped }: Parts, now: number): Scene {
  const { greeting, suggestions = [] } = Object(port.options.chat) as ChatOptions;
  const talk = ledger.talk();
  const session = desk.session();
  const isStopped = stopped.holds(now);
  return {
    talk,
    phase: desk.phase(),
    offline: link.isDown(now),
    older: desk.hasOlder(),
    available: session?.person_available ?? true,
    asking: asking.holds(now),
    suggestions: (session?.suggestions?.length ? session.suggestions : suggestions).slice(0, 4),
    greeting: greeting ?? session?.greeting ?? '',
    answering: isAnswering(talk, now) && !isStopped,
    writing: isWriting(talk, now) && !isStopped,
    stopped: isStopped,
    unread: unread(talk),
    notice: notice.text(now),
  };
}
