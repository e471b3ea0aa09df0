/**
 * What was said, drawn line by line: only what changed is touched, so that screen readers hear what is new and nothing
 * twice, and who reads further up is not moved.
 */

import { make } from '../render/element';
import type { Scope } from '../scope';
import { icon } from './icons';
import { createLineMaker } from './lines';
import type { Scene, Wishes } from './scene';
import { type Spoken, speak } from './speech';
import { type Line, draftText } from './talk';
import type { Words } from './words';

export interface Log {
  readonly parts: readonly HTMLElement[];
  draw(scene: Scene): void;
  /** Shows the newest message. */
  toEnd(): void;
}

interface Drawn {
  readonly line: Line | undefined;
  readonly node: HTMLElement;
}

/** From the end at most so far away, the user follows what comes; CSS pixels. */
const NEAR_PX = 80;
/** Messages of one speaker within this time stand together; milliseconds. */
const CLOSE_MS = 3 * 60_000;

/** @param announce reads words out. @param greeting stands above all, while nothing is older. */
export function createLog(
  scope: Scope,
  words: Words,
  language: string,
  wishes: Wishes,
  greeting: string,
  announce: (text: string) => void,
): Log {
  const maker = createLineMaker(words, language, wishes);
  const day = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });
  const earlier = make('button.word.earlier', { type: 'button', hidden: 'hidden' }, words.earlier);
  const hello = make('div.line.theirs', {}, make('div.said', { dir: 'auto' }, greeting));
  const lines = make('div.lines');
  const dots = make('div.dots', { hidden: 'hidden', 'aria-hidden': 'true' }, make('i'), make('i'), make('i'));
  const log = make('div.log', { role: 'log', 'aria-live': 'off', 'aria-label': words.conversation, tabindex: '0' });
  const latest = make('button.latest', { type: 'button', hidden: 'hidden', 'aria-label': words.latest, title: words.latest }, icon('down'));
  let drawn = new Map<string, Drawn>();
  let spoken: Spoken | undefined;
  let wasWriting = false;

  const isAtEnd = (): boolean => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
  const toEnd = (): void => {
    log.scrollTop = log.scrollHeight;
  };
  const separator = (key: string, text: string): readonly [string, Drawn] => [
    key,
    drawn.get(key) ?? { line: undefined, node: make('div.when', {}, text) },
  ];
  /** The element of a line: the one it had, anew when it changed; an answer keeps that in which it was written. */
  const entry = (line: Line): readonly [string, Drawn] => {
    const key = line.clientId ?? line.id;
    const before = drawn.get(key);
    if (before?.line === line) return [key, before];
    const node = maker.line(line);
    if (before?.line?.role === 'assistant' || (before && !before.line)) {
      before.node.replaceChildren(...node.childNodes);
      return [key, { line, node: before.node }];
    }
    return [key, { line, node }];
  };
  const entries = ({ talk }: Scene): Map<string, Drawn> => {
    const next = new Map<string, Drawn>();
    talk.lines.forEach((line, index) => {
      const before = talk.lines[index - 1];
      const isNewDay = !line.local && (!before || !isSameDay(before.at, line.at) || before.local);
      const isNew = before?.conversation && line.conversation && before.conversation !== line.conversation;
      if (isNewDay && talk.lines.length > 1) next.set(...separator(`d${dayOf(line.at)}`, day.format(line.at)));
      if (isNew) next.set(...separator(`c${line.conversation}`, words.fresh));
      const [key, made] = entry(line);
      const isClose = before?.role === line.role && before.author === line.author && line.at - before.at < CLOSE_MS;
      made.node.classList.toggle('joined', isClose && !isNew);
      next.set(key, made);
    });
    const { draft } = talk;
    if (draft && !next.has(draft.id)) {
      const node = drawn.get(draft.id)?.node ?? maker.line({ ...DRAFT, id: draft.id });
      node.ariaLive = 'off';
      next.set(draft.id, { line: undefined, node });
    }
    return next;
  };
  /** Puts the elements in their order, and moves none that stands right. */
  const place = (next: Map<string, Drawn>): void => {
    const nodes = [...next.values()].map(({ node }) => node);
    for (const old of [...lines.children]) if (!nodes.includes(old as HTMLElement)) old.remove();
    nodes.forEach((node, index) => {
      if (lines.children[index] !== node) lines.insertBefore(node, lines.children[index] ?? null);
    });
  };
  /** Reads an answer out sentence by sentence while it is written, and its rest when it is whole. */
  const readOut = ({ talk, writing }: Scene): void => {
    const { draft } = talk;
    const whole = spoken && talk.lines.find(({ id }) => id === spoken!.id);
    if (draft || whole) {
      const [say, next] = draft ? speak(spoken, draft.id, draftText(talk), false) : speak(spoken, whole!.id, whole!.text, true);
      spoken = draft ? next : undefined;
      if (say) announce(say);
    }
    if (writing && !wasWriting) announce(`${maker.speaker({ role: talk.handling.handled_by === 'human' ? 'agent' : 'assistant', author: talk.handling.agent })} ${words.writing}`);
    wasWriting = writing;
  };

  earlier.addEventListener('click', wishes.earlier);
  latest.addEventListener('click', toEnd);
  scope.listen('scroll', () => (latest.hidden = isAtEnd()), log);
  log.append(earlier, hello, lines, dots);

  return {
    parts: [log, latest],
    toEnd,
    draw(scene) {
      const { talk, older, writing, phase } = scene;
      const follows = isAtEnd();
      const isFirst = !drawn.size;
      const first = lines.firstElementChild;
      const before = log.scrollHeight - log.scrollTop;
      const next = entries(scene);
      if (talk.draft) maker.words(next.get(talk.draft.id)!.node, draftText(talk));
      place(next);
      drawn = next;
      earlier.hidden = !older;
      hello.hidden = older || phase === 'loading';
      dots.hidden = !writing;
      readOut(scene);
      const hasOlder = !isFirst && first && lines.firstElementChild !== first;
      // What was there when the chat opened, and what is older, is not news.
      if (isFirst || hasOlder) log.ariaLive = 'off';
      scope.wait(200, () => (log.ariaLive = 'polite'));
      if (follows && !hasOlder) toEnd();
      else if (hasOlder) log.scrollTop = log.scrollHeight - before;
      latest.hidden = isAtEnd();
    },
  };
}

const DRAFT: Omit<Line, 'id'> = { role: 'assistant', text: '', at: 0, position: Infinity, conversation: null, local: true };

const dayOf = (at: number): string => new Date(at).toDateString();
const isSameDay = (a: number, b: number): boolean => dayOf(a) === dayOf(b);
