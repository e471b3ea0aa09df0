/**
 * Turns a nudge, or messages of a conversation, into a card. What is clicked is only told; what follows is decided by
 * the renderer.
 */

import type { Nudge, NudgeAction } from '../wire';
import { buildActions } from './actions';
import { parseChecklist } from './checklist';
import { make } from './element';
import type { Labels } from './labels';
import { buildSteps } from './steps';
import { type Thread, buildThread } from './thread';

type Words = Pick<Nudge, 'nudge_type' | 'title' | 'body' | 'actions' | 'dir'>;

export interface CardContent extends Words, Partial<Pick<Nudge, 'target_element'>> {
  readonly language: string | undefined;
  readonly labels: Labels;
}

export interface Card {
  readonly frame: HTMLElement;
  /** The part that scrolls when the words are long. */
  readonly main: HTMLElement;
  readonly close: HTMLElement;
  readonly thread: Thread | null;
  /** Scrolls to the target; hidden until it is of use. */
  readonly reveal: HTMLElement;
}

/**
 * @param choose an action was chosen. @param tick a step was ticked or unticked.
 * @param answer absent when nobody listens: then there is no box to answer in.
 */
export function buildCard(
  content: CardContent,
  choose: (action: NudgeAction) => void,
  tick: () => void,
  answer: ((text: string) => void) | undefined,
): Card {
  const { labels } = content;
  const reveal = make('button.button.quiet', { hidden: 'hidden' }, labels.reveal);
  const foot = buildActions(content.actions, choose);
  // Who answers in words has made a choice: the ready-made answers go.
  const reply = answer && ((text: string): void => (foot?.remove(), answer(text)));
  const thread = content.nudge_type === 'chat' ? buildThread(labels, reply) : null;
  const main = thread?.log ?? make('div.main', {}, ...buildBody(content, tick));
  const close = make('button.close', { 'aria-label': labels.close }, '×');
  const frame = buildFrame(content, close, main, reveal, foot, thread?.form);
  if (thread && content.body) thread.add({ role: 'assistant', text: content.body });
  return { frame, main, close, thread, reveal };
}

function buildBody({ nudge_type, body, labels }: CardContent, ticked: () => void): readonly HTMLElement[] {
  const { intro, items } = nudge_type === 'checklist' ? parseChecklist(body) : { intro: body, items: [] };
  const text = intro ? [make('p.text', {}, intro)] : [];
  return items.length ? [...text, ...buildSteps(items, labels, ticked)] : text;
}

/** A dialog that is not modal: it has a name and a close button, and leaves the page as usable as before. */
function buildFrame(content: CardContent, close: Node, ...parts: (Node | null | undefined)[]): HTMLElement {
  const { language: lang, dir, labels } = content;
  const title = content.title || labels.assistant;
  const head = make('div.head', {}, make('h2.title', {}, title), close);
  return make('section.card', { role: 'dialog', dir, lang, 'aria-label': title }, head, ...parts);
}
