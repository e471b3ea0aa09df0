/** Turns a nudge into a card. What is clicked is only told; what follows is decided by the renderer. */

import type { Nudge, NudgeAction } from '../wire';
import { buildActions } from './actions';
import { parseChecklist } from './checklist';
import { make } from './element';
import type { Labels } from './labels';
import { buildSteps } from './steps';

export interface Card {
  readonly frame: HTMLElement;
  /** The part that scrolls when the words are long. */
  readonly main: HTMLElement;
  readonly close: HTMLElement;
  /** Scrolls to the target; hidden until it is of use. */
  readonly reveal: HTMLElement;
}

/**
 * @param choose an action was chosen. @param tick a step was ticked or unticked.
 * @param talks whether there is a chat to reply in.
 */
export function buildCard(
  nudge: Nudge,
  labels: Labels,
  choose: (action: NudgeAction) => void,
  tick: () => void,
  talks: boolean,
): Card {
  const { actions, nudge_type } = nudge;
  const reveal = make('button.button.quiet', { hidden: 'hidden' }, labels.reveal);
  const reply = { kind: 'chat', label: labels.reply, url: null } as const;
  const isAsked = talks && nudge_type === 'chat' && !actions.some(({ kind }) => kind === 'chat');
  const foot = buildActions(isAsked ? [...actions, reply] : actions, choose);
  const main = make('div.main', {}, ...buildBody(nudge, labels, tick));
  const close = make('button.close', { 'aria-label': labels.close }, '×');
  const frame = buildFrame(nudge, close, main, reveal, foot);
  return { frame, main, close, reveal };
}

function buildBody({ nudge_type, body }: Nudge, labels: Labels, ticked: () => void): readonly HTMLElement[] {
  const { intro, items } = nudge_type === 'checklist' ? parseChecklist(body) : { intro: body, items: [] };
  const text = intro ? [make('p.text', {}, intro)] : [];
  return items.length ? [...text, ...buildSteps(items, labels, ticked)] : text;
}

/** A dialog that is not modal: it has a name and a close button, and leaves the page as usable as before. */
function buildFrame(nudge: Nudge, close: Node, ...parts: (Node | null | undefined)[]): HTMLElement {
  const { language: lang, dir, title } = nudge;
  const head = make('div.head', {}, make('h2.title', {}, title), close);
  return make('section.card', { role: 'dialog', dir, lang, 'aria-label': title }, head, ...parts);
}
