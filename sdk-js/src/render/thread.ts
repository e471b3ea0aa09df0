/**
 * A small conversation in a card: what was said, and, when the host listens, a box to answer in.
 */

import type { ChatMessage } from '../wire';
import { make } from './element';
import type { Labels } from './labels';
import { safeUrl } from './safeurl';

export type Said = Pick<ChatMessage, 'role' | 'text' | 'citations'>;

export interface Thread {
  readonly log: HTMLElement;
  readonly form: HTMLElement | null;
  add(message: Said): void;
}

/** As much as the server takes of one message; characters. */
const MAX_REPLY = 4000;

/** `log` announces what is added to it; without `reply` there is no box. */
export function buildThread(labels: Labels, reply: ((text: string) => void) | undefined): Thread {
  const log = make('div.main.thread', { role: 'log', 'aria-label': labels.assistant });
  const add = (message: Said): void => {
    log.append(buildBubble(message));
    log.scrollTop = log.scrollHeight;
  };
  const send = (text: string): void => {
    add({ role: 'user', text });
    reply!(text);
  };
  return { log, add, form: reply ? buildForm(labels, send) : null };
}

function buildBubble({ role, text, citations = [] }: Said): HTMLElement {
  const links = citations.map(({ title, url }) => {
    const href = safeUrl(url)?.href;
    return href && make('a.source', { href, target: '_blank' }, title || href);
  });
  return make(role === 'user' ? 'div.said.mine' : 'div.said', { dir: 'auto' }, text, ...links);
}

function buildForm(labels: Labels, send: (text: string) => void): HTMLElement {
  const attributes = { rows: '1', maxlength: `${MAX_REPLY}`, 'aria-label': labels.reply, placeholder: labels.reply };
  const box = make('textarea', { ...attributes, dir: 'auto' });
  const form = make('form.reply', {}, box, make('button.send.strong', { 'aria-label': labels.send }, '↑'));
  const submit = (event: Event): void => {
    event.preventDefault();
    const text = box.value.trim();
    box.value = '';
    if (text) send(text);
  };
  form.addEventListener('submit', submit);
  box.addEventListener('keydown', (event) => {
    // While an input method composes, Enter chooses a word.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event);
  });
  return form;
}
