/** The panel: who answers, what was said, and where to write. A dialog that is not modal, or a region of the page. */

import { make } from '../render/element';
import { createComposer } from './composer';
import { CHAT, CLOSE, icon } from './icons';
import type { Kit } from './kit';
import { createLog } from './log';
import type { Scene } from './scene';
import { handledBy } from './talk';

export interface Panel {
  readonly root: HTMLElement;
  readonly box: HTMLElement;
  draw(scene: Scene): void;
  /** The panel is on screen from now on, floating or within the page. */
  appear(isMounted: boolean): void;
}

export function createPanel(kit: Kit, title: string, close: () => void): Panel {
  const { words, wishes, announce, press } = kit;
  const log = createLog(kit);
  const composer = createComposer(kit, log.toEnd);
  const shut = press('close', close, words.close, icon(CLOSE));
  const head = make('header.head', {}, make('span.mark', {}, icon(CHAT)), make('h2.title', { dir: 'auto' }, title), shut);
  const [offline, handling, notice, state] = ['warn', 'handling', 'notice', 'plain'].map((kind) => make(`p.strip.${kind}`, { dir: 'auto' }));
  const retry = press('word.reload', wishes.reload, words.retry);
  const offers = make('div.offers');
  const parts = [head, offline, handling, ...log.parts, state, retry, offers, notice, ...composer.parts];
  const root = make('section.panel', { 'aria-label': title }, ...parts);
  let offered = '';

  root.onkeydown = kit.port.guard((event) => {
    if (event.key === 'Escape' && !event.isComposing && !shut.hidden) close();
  });
  /** Says something in a strip, aloud when it is new. */
  const tell = (strip: HTMLElement | undefined, text: string): void => {
    strip!.hidden = !text;
    if (strip!.textContent === text) return;
    strip!.textContent = text;
    if (text) announce(text);
  };
  const offer = ({ suggestions, talk, phase }: Scene): void => {
    offers.hidden = !!talk.lines[0] || phase === 'gone' || phase === 'loading';
    if (offered === `${suggestions}`) return;
    offered = `${suggestions}`;
    const choose = (text: string) => (): void => (wishes.send(text), composer.box.focus());
    offers.replaceChildren(...suggestions.map((text) => press('offer', choose(text), text)));
  };

  return {
    root,
    box: composer.box,
    appear(isMounted) {
      root.classList.toggle('mounted', isMounted);
      root.role = isMounted ? 'region' : 'dialog';
      shut.hidden = isMounted;
      log.toEnd();
    },
    draw(scene) {
      const { phase } = scene;
      tell(offline, scene.offline ? words.offline : '');
      tell(handling, handlingOf(scene, kit));
      tell(notice, scene.notice);
      tell(state, phase === 'gone' ? words.gone : phase === 'broken' ? words.wrong : '');
      retry.hidden = phase !== 'broken';
      log.draw(scene);
      composer.draw(scene);
      offer(scene);
    },
  };
}

/** Who answers, if it is not the assistant, and when. */
function handlingOf({ talk }: Scene, { words, port }: Kit): string {
  const { expected_by, ticket_id, agent } = talk.handling;
  const by = handledBy(talk);
  if (by === 'human') return words.with(agent ?? words.person);
  if (by === 'agent') return '';
  const promise = expected_by && Date.parse(expected_by) > Date.now() ? words.promise(timeOf(expected_by, port.language)) : words.asked;
  return ticket_id ? `${promise} ${words.reference(ticket_id.slice(0, 8))}` : promise;
}

/** Today's times by the clock, others with their day. */
function timeOf(iso: string, language: string): string {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  return at.toLocaleString(language, { weekday: isToday ? undefined : 'long', hour: 'numeric', minute: '2-digit' });
}
