/** What every view of the chat is given. */

import { make } from '../render/element';
import type { ChatPort } from './port';
import type { Wishes } from './scene';
import type { Words } from './words/words';

export interface Kit {
  readonly port: ChatPort;
  readonly words: Words;
  readonly wishes: Wishes;
  /** Reads words out to whom the screen is read to. */
  announce(text: string): void;
  /** Makes a button, such as `press('send', submit, label, icon('send'))`; without content the label is what it shows. */
  press(kind: string, wish: (event: Event) => void, label: string, ...content: Node[]): HTMLButtonElement;
}

export function createKit(port: ChatPort, words: Words, wishes: Wishes, announce: Kit['announce']): Kit {
  return {
    port,
    words,
    wishes,
    announce,
    press(kind, wish, label, ...content) {
      const named = content.length ? { 'aria-label': label, title: label } : {};
      const button = make(`button.${kind}`, { type: 'button', ...named }, ...(content.length ? content : [label]));
      button.onclick = port.guard(wish);
      return button;
    },
  };
}
