/** The button that opens the chat, with the number of unread messages, and the first words of what was said meanwhile. */

import { make } from '../render/element';
import { icon } from './icons';
import { plainText } from './markdown';
import type { Scene } from './scene';
import type { Words } from './words';

export interface Launcher {
  readonly parts: readonly HTMLElement[];
  readonly button: HTMLElement;
  /** @param isShown whether the page has a launcher now. */
  draw(scene: Scene, isShown: boolean): void;
}

const PEEK_CHARACTERS = 140;

/** @param speaker who said it, as it is read out. @param announce reads words out. */
export function createLauncher(
  words: Words,
  open: () => void,
  speaker: (line: Scene['unread'][number]) => string,
  announce: (text: string) => void,
): Launcher {
  const badge = make('span.badge', { 'aria-hidden': 'true', hidden: 'hidden' });
  const button = make('button.launcher', { type: 'button', 'aria-haspopup': 'dialog' }, icon('chat'), badge);
  const text = make('button.peeked', { type: 'button' });
  const away = make('button.away', { type: 'button', 'aria-label': words.close }, icon('close'));
  const peek = make('div.peek', { hidden: 'hidden' }, text, away);
  /** The last message that was announced, and the last that the user waved away. */
  let told = '';
  let waved = '';

  button.addEventListener('click', open);
  text.addEventListener('click', open);
  away.addEventListener('click', () => {
    waved = told;
    peek.hidden = true;
    button.focus();
  });

  return {
    parts: [peek, button],
    button,
    draw({ unread, phase }, isShown) {
      const last = unread[unread.length - 1];
      const count = unread.length;
      button.hidden = !isShown || phase === 'gone';
      badge.hidden = !count;
      badge.textContent = count > 9 ? '9+' : `${count}`;
      button.ariaLabel = count ? `${words.open}, ${words.unread(count)}` : words.open;
      peek.hidden = button.hidden || !last || waved === last.id;
      if (!last || button.hidden || told === last.id) return;
      told = last.id;
      const said = plainText(last.text);
      const short = said.length > PEEK_CHARACTERS ? `${said.slice(0, PEEK_CHARACTERS)}…` : said;
      text.replaceChildren(make('bdi.by', {}, speaker(last)), make('span', { dir: 'auto' }, short));
      announce(`${words.unread(count)}. ${speaker(last)}: ${short}`);
    },
  };
}
