/** Where the user writes: Enter sends, Shift and Enter begin a line, an input method is left alone, and length is counted. */

import { make } from '../render/element';
import { icon } from './icons';
import type { Scene, Wishes } from './scene';
import { handledBy } from './talk';
import type { Words } from './words';

export interface Composer {
  readonly parts: readonly HTMLElement[];
  readonly box: HTMLTextAreaElement;
  draw(scene: Scene): void;
}

/** As much as the server takes of one message; characters. */
export const MOST = 4000;
/** From here on the user is told how long the message is. */
const COUNTED = MOST * 0.9;
/** What a keyboard says of a key that an input method has taken. */
const COMPOSING = 229;

/** @param sent the user has sent something. */
export function createComposer(words: Words, language: string, wishes: Wishes, sent: () => void): Composer {
  const attributes = { rows: '1', dir: 'auto', 'aria-label': words.write, placeholder: words.write, enterkeyhint: 'send' };
  const box = make('textarea.box', { ...attributes, 'aria-describedby': 'count' });
  const button = make('button.send', { 'aria-label': words.send, title: words.send }, icon('send'));
  const form = make('form.write', {}, box, button);
  const count = make('span.count', { id: 'count', role: 'status' });
  const human = make('button.word.human', { type: 'button' });
  const stop = make('button.stop', { type: 'button', hidden: 'hidden' }, icon('stop'), words.stop);
  const under = make('div.under', {}, human, count);
  const anew = make('button.word.anew', { type: 'button' }, words.anew);
  const over = make('div.over', { hidden: 'hidden' }, make('p', {}, words.ended), anew);
  const number = new Intl.NumberFormat(language);

  /** Characters as the server counts them. */
  const length = (): number => [...box.value.trim()].length;
  const measure = (): void => {
    const now = length();
    count.textContent = now > COUNTED ? words.limit(number.format(now), number.format(MOST)) : '';
    count.classList.toggle('trouble', now > MOST);
    box.ariaInvalid = `${now > MOST}`;
    button.ariaDisabled = `${!now || now > MOST}`;
    box.style.height = '';
    box.style.height = `${box.scrollHeight + 2}px`;
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const now = length();
    if (!now || now > MOST) return;
    const text = box.value.trim();
    box.value = '';
    measure();
    wishes.send(text);
    sent();
  };
  const asks = (wish: () => void) => (): void => (wish(), box.focus());

  form.addEventListener('submit', submit);
  box.addEventListener('input', measure);
  box.addEventListener('keydown', (event) => {
    const isComposing = event.isComposing || event.keyCode === COMPOSING;
    if (event.key === 'Enter' && !event.shiftKey && !isComposing) submit(event);
  });
  stop.addEventListener('click', asks(wishes.stop));
  human.addEventListener('click', asks(wishes.human));
  anew.addEventListener('click', asks(wishes.anew));

  return {
    parts: [stop, over, form, under],
    box,
    draw({ talk, phase, answering, asking, available }) {
      const isOver = talk.ended;
      const isGone = phase === 'gone';
      stop.hidden = !answering;
      over.hidden = !isOver || isGone;
      form.hidden = isOver || isGone;
      human.hidden = handledBy(talk) !== 'agent';
      human.textContent = available ? words.human : words.leave;
      human.ariaDisabled = `${asking}`;
      under.hidden = form.hidden;
      if (button.ariaDisabled === null) measure();
    },
  };
}
