/**
 * A small conversation in a card: what was said, and, when the host listens, a box to answer in.
 */

import type { ChatMessage } from '../wire';
import type { Make } from './element';
import type { Labels } from './labels';
import { safeUrl } from './safeurl';

export interface Thread {
  readonly log: HTMLElement;
  readonly form: HTMLElement | null;
  add(message: Pick<ChatMessage, 'role' | 'text' | 'citations'>): void;
}

/** As much as the server takes of one message; characters. */
const MAX_REPLY = 4000;

/** `log` announces what is added to it; without `reply` there is no box. */
export function buildThread(make: Make, base: string, labels: Labels, reply: ((text: string) => void) | undefined): Thread {
  const log = make('div', { class: 'main thread', role: 'log', 'aria-label': labels.assistant });
  const add: Thread['add'] = (message) => {
    log.append(buildBubble(make, base, labels, message));
    log.scrollTop = log.scrollHeight;
  };
  const send = (text: string): void => {
    add({ role: 'user', text });
    reply?.(text);
  };
  return { log, add, form: reply ? buildForm(make, labels, send) : null };
}

function buildBubble(make: Make, base: string, labels: Labels, message: Parameters<Thread['add']>[0]): HTMLElement {
  const who = message.role === 'agent' ? make('div', { class: 'who' }, labels.person) : null;
  const links = (message.citations ?? []).flatMap((source) => {
    const link = safeUrl(source.url, base);
    return link ? make('a', { class: 'source', href: link.href, target: '_blank', rel: 'noopener' }, source.title || link.href) : [];
  });
  return make('div', { class: message.role === 'user' ? 'said mine' : 'said', dir: 'auto' }, who, message.text, ...links);
}

function buildForm(make: Make, labels: Labels, send: (text: string) => void): HTMLElement {
  const attributes = { rows: '1', maxlength: String(MAX_REPLY), 'aria-label': labels.reply, placeholder: labels.reply };
  const box = make('textarea', { ...attributes, dir: 'auto', enterkeyhint: 'send' });
  const button = make('button', { type: 'submit', class: 'send strong', 'aria-label': labels.send }, '↑');
  const form = make('form', { class: 'reply', novalidate: 'novalidate' }, box, button);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = box.value.trim();
    box.value = '';
    if (text) send(text);
  });
  box.addEventListener('keydown', (event) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  return form;
}
