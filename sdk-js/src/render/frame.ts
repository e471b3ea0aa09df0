/**
 * The frame that all surfaces share: heading, close button, and a part that scrolls when the words are long.
 */

import type { Make } from './element';
import type { Labels } from './labels';

export interface FrameText {
  readonly title: string;
  readonly language: string | null | undefined;
  readonly dir: 'ltr' | 'rtl';
  readonly labels: Labels;
}

export interface Frame {
  readonly card: HTMLElement;
  readonly main: HTMLElement;
  readonly close: HTMLButtonElement;
}

/** A dialog that is not modal: it has a name and a close button, and leaves the page as usable as before. */
export function buildFrame(make: Make, text: FrameText, main: HTMLElement, avatar = false): Frame {
  const close = make('button', { type: 'button', class: 'close', 'aria-label': text.labels.close }, '×');
  const badge = avatar ? make('span', { class: 'avatar' }) : null;
  // One card at a time in a shadow tree of its own: the id cannot collide.
  const title = text.title ? make('h2', { class: 'title', id: 'title' }, text.title) : make('span', { class: 'title' });
  const name = text.title ? { 'aria-labelledby': 'title' } : { 'aria-label': text.labels.assistant };
  const attributes = { class: 'card', role: 'dialog', 'aria-modal': 'false', dir: text.dir, lang: text.language };
  const head = make('div', { class: 'head' }, badge, title, close);
  const card = make('section', { ...attributes, ...name, 'data-phase': 'waiting' }, head, main);
  return { card, main, close };
}

/** Text that scrolls must be reachable by keyboard; a stop in the tab order that does nothing is only noise. */
export function makeScrollable(main: HTMLElement): void {
  if (main.scrollHeight > main.clientHeight + 1) main.tabIndex = 0;
  else main.removeAttribute('tabindex');
}
