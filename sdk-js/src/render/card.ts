/**
 * Turns a nudge, or messages of a conversation, into a card. What is clicked is only told; what follows is decided by
 * the renderer.
 */

import type { NudgeAction } from '../wire';
import { buildActions } from './actions';
import { parseChecklist } from './checklist';
import { type Make, maker } from './element';
import { type Frame, type FrameText, buildFrame } from './frame';
import { buildSteps } from './steps';
import { type Thread, buildThread } from './thread';

export interface CardContent extends FrameText {
  readonly kind: 'tooltip' | 'chat' | 'checklist';
  readonly body: string;
  readonly actions: readonly NudgeAction[];
}

export interface CardEvents {
  readonly choose: (action: NudgeAction) => void;
  /** A step was ticked or unticked. */
  readonly tick: () => void;
  /** Absent when nobody listens: then there is no box to answer in. */
  readonly reply: ((text: string) => void) | undefined;
}

export interface Card {
  readonly frame: Frame;
  readonly thread: Thread | null;
  /** Scrolls to the target; hidden until it is of use. */
  readonly reveal: HTMLElement;
}

export function buildCard(document: Document, content: CardContent, events: CardEvents): Card {
  const make = maker(document);
  const { baseURI } = document;
  const { labels } = content;
  const reveal = make('button', { type: 'button', class: 'button quiet reveal', hidden: 'hidden' }, labels.reveal);
  const foot = buildActions(make, content.actions, baseURI, events.choose);
  // Who answers in words has made a choice: the ready-made answers go.
  const reply = events.reply && ((text: string): void => (foot?.remove(), events.reply?.(text)));
  const thread = content.kind === 'chat' ? buildThread(make, baseURI, labels, reply) : null;
  const main = thread?.log ?? make('div', { class: 'main' }, ...buildBody(make, content, events), reveal);
  const title = content.title || (thread ? labels.assistant : '');
  const frame = buildFrame(make, { ...content, title }, main, !!thread);
  frame.card.append(...[foot, thread?.form].filter((part) => part != null));
  if (thread && content.body) thread.add({ role: 'assistant', text: content.body });
  return { frame, thread, reveal };
}

function buildBody(make: Make, content: CardContent, events: CardEvents): readonly HTMLElement[] {
  const list = content.kind === 'checklist' ? parseChecklist(content.body) : { intro: content.body, items: [] };
  const text = list.intro ? [make('p', { class: 'text' }, list.intro)] : [];
  return list.items.length ? [...text, ...buildSteps(make, list.items, content.labels, events.tick)] : text;
}
