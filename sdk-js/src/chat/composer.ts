/** Where the user writes: Enter sends, Shift and Enter begin a line, an input method is left alone, and length is counted. */

import { make } from '../render/element';
import { SEND, STOP, icon } from './icons';
import type { Kit } from './kit';
import type { Scene } from './scene';
import { handledBy } from './talk';

export interface Composer {
  readonly parts: readonly HTMLElement[];
  readonly box: HTMLTextAreaElement;
  draw(scene: Scene): void;
}

/** As much as the server takes of one message; characters. */
const MOST = 4000;
/** From here on the user is told how long the message is. */
const COUNTED = MOST * 0.9;
/** What a keyboard says of a key that an input method has taken. */
const COMPOSING = 229;

/** @param sent the user has sent something. */
export function createComposer({ words, wishes, press, port }: Kit, sent: () => void): Composer {
  const box = make('textarea.box', {
    rows: '1',
    dir: 'auto',
    'aria-label': words.write,
    'aria-describedby': 'count',
    placeholder: words.write,
    enterkeyhint: 'send',
  });
  /** What was asked for is done, and the user goes on writing. */
  const then = (wish: () => void) => (): void => (wish(), box.focus());
  const count = make('span.count', { id: 'count', role: 'status' });
  const human = press('word', then(wishes.human), words.human);
  const cancel = press('word', then(wishes.cancel), words.cancel);
  const stop = press('stop', then(wishes.stop), words.stop);
  const anew = press('word', then(wishes.anew), words.anew);

  const measure = (): number => {
    // Characters as the server counts them.
    const { length } = [...box.value.trim()];
    const [now, most] = [length, MOST].map((number) => number.toLocaleString(port.language));
    const isTooLong = length > MOST;
    count.textContent = length > COUNTED ? words.limit(now!, most!) : '';
    count.classList.toggle('trouble', isTooLong);
    box.ariaInvalid = `${isTooLong}`;
    send.ariaDisabled = `${!length || isTooLong}`;
    box.style.height = '';
    box.style.height = `${box.scrollHeight + 2}px`;
    return isTooLong ? 0 : length;
  };
  const submit = port.guard((event: Event): void => {
    event.preventDefault();
    if (!measure()) return;
    wishes.send(box.value.trim());
    box.value = '';
    measure();
    sent();
  });
  const send = press('send', submit, words.send, icon(SEND));
  const write = make('div.write', {}, box, send);
  const under = make('div.under', {}, human, cancel, count);
  const over = make('div.over', {}, words.ended, anew);
  stop.prepend(icon(STOP));
  box.oninput = port.guard(measure);
  box.onkeydown = (event) => {
    const isComposing = event.isComposing || event.keyCode === COMPOSING;
    if (event.key === 'Enter' && !event.shiftKey && !isComposing) submit(event);
  };

  return {
    parts: [stop, over, write, under],
    box,
    draw({ talk, phase, answering, asking, available }) {
      const isGone = phase === 'gone';
      stop.hidden = !answering;
      over.hidden = !talk.ended || isGone;
      write.hidden = under.hidden = talk.ended || isGone;
      human.hidden = handledBy(talk) !== 'agent';
      human.textContent = available ? words.human : words.leave;
      cancel.hidden = handledBy(talk) !== 'queue' || !talk.handling.may_cancel;
      human.disabled = cancel.disabled = asking;
      if (!send.ariaDisabled) measure();
    },
  };
}
