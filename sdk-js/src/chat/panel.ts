/** The panel: who answers, what was said, and where to write. A dialog that is not modal, or a region of the page. */

import { make } from '../render/element';
import type { Scope } from '../scope';
import { createComposer } from './composer';
import { icon } from './icons';
import { createLog } from './log';
import type { Scene, Wishes } from './scene';
import { handledBy } from './talk';
import type { Words } from './words';

export interface Panel {
  readonly root: HTMLElement;
  readonly box: HTMLElement;
  draw(scene: Scene): void;
  /** The panel is on screen from now on, floating or within the page. */
  appear(isMounted: boolean): void;
}

export interface PanelOptions {
  readonly scope: Scope;
  readonly words: Words;
  readonly language: string;
  readonly title: string;
  readonly greeting: string;
  readonly wishes: Wishes;
  close(): void;
  announce(text: string): void;
}

export function createPanel({ scope, words, language, title, greeting, wishes, close, announce }: PanelOptions): Panel {
  const log = createLog(scope, words, language, wishes, greeting, announce);
  const composer = createComposer(words, language, wishes, log.toEnd);
  const shut = make('button.close', { type: 'button', 'aria-label': words.close, title: words.close }, icon('close'));
  const name = make('h2.title', { dir: 'auto' }, title);
  const head = make('header.head', {}, make('span.mark', {}, icon('chat')), name, shut);
  const offline = make('p.strip.warn', { hidden: 'hidden' }, words.offline);
  const handling = make('p.strip', { hidden: 'hidden', dir: 'auto' });
  const notice = make('p.strip.notice', { hidden: 'hidden' });
  const state = make('p.strip.plain', { hidden: 'hidden' });
  const retry = make('button.word.reload', { type: 'button', hidden: 'hidden' }, words.retry);
  const offers = make('div.offers', { hidden: 'hidden' });
  const parts = [head, offline, handling, ...log.parts, state, retry, offers, notice, ...composer.parts];
  const root = make('section.panel', { id: 'panel', 'aria-label': title }, ...parts);
  let offered: readonly string[] = [];

  shut.addEventListener('click', close);
  retry.addEventListener('click', wishes.reload);
  root.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.isComposing && !shut.hidden) close();
  });

  /** Says something in a strip, aloud when it is new. */
  const tell = (strip: HTMLElement, text: string): void => {
    strip.hidden = !text;
    if (strip.textContent === text) return;
    strip.textContent = text;
    if (text) announce(text);
  };
  const offer = ({ suggestions, talk, phase }: Scene): void => {
    offers.hidden = talk.lines.length > 0 || phase === 'gone' || phase === 'loading' || !suggestions.length;
    if (offered === suggestions || `${offered}` === `${suggestions}`) return;
    offered = suggestions;
    const buttons = suggestions.map((text) => {
      const made = make('button.offer', { type: 'button', dir: 'auto' }, text);
      made.addEventListener('click', () => (wishes.send(text), composer.box.focus()));
      return made;
    });
    offers.replaceChildren(...buttons);
  };

  return {
    root,
    box: composer.box,
    appear(isMounted) {
      root.classList.toggle('mounted', isMounted);
      root.setAttribute('role', isMounted ? 'region' : 'dialog');
      shut.hidden = isMounted;
      log.toEnd();
    },
    draw(scene) {
      const { phase, talk } = scene;
      const isEmpty = !talk.lines.length;
      tell(offline, scene.offline ? words.offline : '');
      tell(handling, handlingOf(scene, words, language));
      tell(notice, scene.notice);
      tell(state, phase === 'gone' ? words.gone : phase === 'broken' ? words.broken : phase === 'loading' && isEmpty ? words.loading : '');
      retry.hidden = phase !== 'broken';
      log.draw(scene);
      composer.draw(scene);
      offer(scene);
    },
  };
}

/** Who answers, if it is not the assistant, and when. */
function handlingOf({ talk }: Scene, words: Words, language: string): string {
  const { expected_by, ticket_id, agent } = talk.handling;
  const by = handledBy(talk);
  if (by === 'human') return words.with(agent ?? words.person);
  if (by === 'agent') return '';
  const promise = expected_by && Date.parse(expected_by) > Date.now() ? words.promise(timeOf(expected_by, language)) : words.asked;
  return ticket_id ? `${promise} ${words.reference(ticket_id.slice(0, 8))}` : promise;
}

/** Today's times by the clock, others with their day. */
function timeOf(iso: string, language: string): string {
  const at = new Date(iso);
  const clock = { hour: 'numeric', minute: '2-digit' } as const;
  const isToday = at.toDateString() === new Date().toDateString();
  return at.toLocaleString(language, isToday ? clock : { weekday: 'long', ...clock });
}
