/** The button that opens the chat, with the number of unread messages, and the first words of what was said meanwhile. */

import { make } from '../render/element';
import { CHAT, CLOSE, icon } from './icons';
import type { Kit } from './kit';
import { speakerOf } from './lines';
import { plainText } from './markdown';
import type { Scene } from './scene';

export interface Launcher {
  readonly parts: readonly HTMLElement[];
  readonly button: HTMLElement;
  /** @param isShown whether the page has a launcher now. */
  draw(scene: Scene, isShown: boolean): void;
}

const PEEK_CHARACTERS = 140;

export function createLauncher({ words, announce, press }: Kit, open: () => void): Launcher {
  const badge = make('span.badge');
  const button = press('launcher', open, words.open, icon(CHAT), badge);
  const text = press('peeked', open, '');
  const wave = (): void => {
    waved = told;
    peek.hidden = true;
    button.focus();
  };
  const peek = make('div.peek', {}, text, press('away', wave, words.close, icon(CLOSE)));
  /** The last message that was announced, and the last that the user waved away. */
  let told = '';
  let waved = '';

  return {
    parts: [peek, button],
    button,
    draw({ unread }, isShown) {
      const last = unread[unread.length - 1];
      const { length } = unread;
      button.hidden = !isShown;
      badge.hidden = !length;
      badge.textContent = length > 9 ? '9+' : `${length}`;
      button.ariaLabel = length ? `${words.open}, ${words.unread(length)}` : words.open;
      peek.hidden = !isShown || !last || waved === last.message_id;
      if (!last || !isShown || told === last.message_id) return;
      told = last.message_id;
      const name = speakerOf(last, words);
      const said = plainText(last.text);
      const short = said.length > PEEK_CHARACTERS ? `${said.slice(0, PEEK_CHARACTERS)}…` : said;
      text.replaceChildren(make('bdi.by', {}, name), make('p', { dir: 'auto' }, short));
      announce(`${words.unread(length)}. ${name}: ${short}`);
    },
  };
}
