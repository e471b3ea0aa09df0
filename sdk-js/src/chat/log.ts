/**
 * What was said, drawn line by line: only what changed is touched, so that screen readers hear what is new and nothing
 * twice, and who reads further up is not moved.
 */

import { make } from '../render/element';
import { SEND, icon } from './icons';
import type { Kit } from './kit';
import { buildLine, speakerOf } from './lines';
import { renderMarkdown } from './markdown';
import type { Scene } from './scene';
import { type Spoken, speak } from './speech';
import { type Line, draftText } from './talk';

export interface Log {
  readonly parts: readonly HTMLElement[];
  draw(scene: Scene): void;
  /** Shows the newest message. */
  toEnd(): void;
}

interface Drawn {
  readonly line?: Line;
  readonly node: HTMLElement;
}

/** From the end at most so far away, the user follows what comes; CSS pixels. */
const NEAR_PX = 80;
/** Messages of one speaker within this time stand together; milliseconds. */
const CLOSE_MS = 3 * 60_000;
/** After this, what was put in quietly is no news to a screen reader. */
const QUIET_MS = 200;

export function createLog(kit: Kit): Log {
  const { words, wishes, announce, press, port } = kit;
  const earlier = press('word.earlier', wishes.earlier, words.earlier);
  const hello = make('div.line', {}, make('div.said', {}, make('p', { dir: 'auto' })));
  const lines = make('div.lines');
  const dots = make('div.dots', {}, make('i'), make('i'), make('i'));
  const stopped = make('div.line.note', {}, make('div.said', {}, make('p', {}, words.stopped)));
  const parts = [earlier, hello, lines, dots, stopped];
  const log = make('div.log', { role: 'log', 'aria-label': words.assistant, tabindex: '0' }, ...parts);
  const latest = press('latest.down', () => toEnd(), words.latest, icon(SEND));
  let drawn = new Map<string, Drawn>();
  let spoken: Spoken | undefined;
  let wasWriting = false;
  /** The line at the top. */
  let top = '';

  const isAtEnd = (): boolean => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
  const toEnd = (): void => {
    log.scrollTop = log.scrollHeight;
  };
  /** The element of a line: the one it had, anew when it changed; an answer keeps that in which it was written. */
  const entry = (key: string, line: Line): Drawn => {
    const before = drawn.get(key);
    if (before?.line === line) return before;
    const node = buildLine(line, kit);
    if (!before) return { line, node };
    // Who has just pressed a thumb is still at it.
    const [focused] = before.node.querySelector(':focus')?.className.split(' ').slice(-1) ?? [];
    before.node.className = node.className;
    before.node.replaceChildren(...node.childNodes);
    if (focused) (before.node.querySelector<HTMLElement>(`.${focused}`) ?? log).focus();
    return { line, node: before.node };
  };
  const entries = ({ talk }: Scene): Map<string, Drawn> => {
    const next = new Map<string, Drawn>();
    const separate = (key: string, text: string) => next.set(key, drawn.get(key) ?? { node: make('div.when', {}, text) });
    talk.lines.forEach((line, index) => {
      const before = talk.lines[index - 1];
      const day = new Date(line.at).toLocaleDateString(port.language, { weekday: 'long', day: 'numeric', month: 'long' });
      if (!line.local && talk.lines[1]) separate(day, day);
      const isNew = before?.conversation_id && line.conversation_id && before.conversation_id !== line.conversation_id;
      if (isNew) separate(line.conversation_id, words.anew);
      const key = keyOf(line);
      const made = entry(key, line);
      const isClose = before?.role === line.role && before.author == line.author && line.at - before.at < CLOSE_MS;
      made.node.classList.toggle('joined', isClose && !isNew);
      next.set(key, made);
    });
    const { draft } = talk;
    if (draft && !next.has(draft.id)) {
      const node = drawn.get(draft.id)?.node ?? buildLine({ ...DRAFT, message_id: draft.id }, kit);
      node.ariaLive = 'off';
      node.querySelector('.said')!.replaceChildren(...renderMarkdown(draftText(talk)));
      next.set(draft.id, { node });
    }
    return next;
  };
  /** Puts the elements in their order, and moves none that stands right. */
  const place = (): void => {
    const nodes = [...drawn.values()].map(({ node }) => node);
    for (const old of [...lines.children]) if (!nodes.includes(old as HTMLElement)) old.remove();
    nodes.forEach((node, index) => lines.children[index] === node || lines.insertBefore(node, lines.children[index] ?? null));
  };
  /** Reads an answer out sentence by sentence while it is written, and its rest when it is whole. */
  const readOut = ({ talk, writing }: Scene): void => {
    const { draft, lines: all, handling } = talk;
    const whole = all.find(({ message_id }) => message_id === spoken?.id);
    if (draft || whole) {
      const [say, next] = draft ? speak(spoken, draft.id, draftText(talk), false) : speak(spoken, whole!.message_id, whole!.text, true);
      spoken = draft && next;
      if (say) announce(say);
    }
    const by = { role: handling.handled_by === 'human' ? 'agent' : 'assistant', author: handling.agent } as const;
    if (writing && !wasWriting) announce(`${speakerOf(by, words)} ${words.writing}`);
    wasWriting = writing;
  };
  port.scope.listen('scroll', () => (latest.hidden = isAtEnd()), log);

  return {
    parts: [log, latest],
    toEnd,
    draw(scene) {
      const follows = isAtEnd();
      const before = log.scrollHeight - log.scrollTop;
      const [first] = scene.talk.lines;
      const wasTop = top;
      top = first ? keyOf(first) : '';
      // What was there when the chat opened, and what is older, is not news.
      if (top !== wasTop) log.ariaLive = 'off';
      drawn = entries(scene);
      place();
      port.scope.wait(QUIET_MS, () => (log.ariaLive = 'polite'));
      earlier.hidden = !scene.older;
      hello.querySelector('p')!.textContent = scene.greeting;
      hello.hidden = scene.older || !scene.greeting;
      dots.hidden = !scene.writing;
      stopped.hidden = !scene.stopped;
      readOut(scene);
      if (wasTop && top !== wasTop) log.scrollTop = log.scrollHeight - before;
      else if (follows) toEnd();
      latest.hidden = isAtEnd();
    },
  };
}

/** A message that is stored stays the line that it was. */
const keyOf = ({ client_message_id, message_id }: Line): string => client_message_id ?? message_id;

const DRAFT = { role: 'assistant', text: '', at: 0, position: Infinity, conversation_id: null, local: true } as const;
