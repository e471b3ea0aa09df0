/** The chat on the page: floats above everything, or stands within an element that the host gives. */

import { make } from '../render/element';
import type { ChatHost, ChatPort } from './port';
import { CSS } from './styles';

export interface View extends ChatHost {
  /** Puts it where it belongs: into that element, or above the page. */
  settle(element: Element | null): void;
  announce(text: string): void;
}

/** A custom element name that nobody registers. */
const TAG = 'onboarding-agent-chat';
/** A live region is only read when it was there before; and what was said need not stay. */
const SAY_MS = 100;
const FORGET_MS = 20_000;

export function createView({ host: createHost, scope, language, options }: ChatPort): View {
  const host = createHost(TAG, CSS);
  const { element, root } = host;
  const live = make('div.sr', { 'aria-live': 'polite' });
  root.lang = language;
  root.dir = options.direction ?? directionOf(options.locale);
  root.append(live);
  followKeyboard(root, scope.listen);

  return {
    ...host,
    settle(home) {
      const parent = home ?? document.documentElement;
      if (element.parentElement === parent) return;
      element.popover = home ? null : 'manual';
      root.classList.toggle('within', !!home);
      parent.append(element);
      if (!home) element.showPopover();
    },
    // Each on its own, so that what comes quickly one after another is read whole.
    announce: (text) =>
      void scope.wait(SAY_MS, () => {
        const said = make('p', { dir: 'auto' }, text);
        live.append(said);
        scope.wait(FORGET_MS, () => said.remove());
      }),
  };
}

/** Which way the interface runs: as its language does when the host names one, else as the page. */
const directionOf = (locale?: string): string =>
  locale ? (/^(ar|he|fa|ur)\b/i.test(locale) ? 'rtl' : 'ltr') : getComputedStyle(document.documentElement).direction;

/** A keyboard on the screen covers the page's lower part: what fills the screen then ends above it. */
function followKeyboard(root: HTMLElement, listen: ChatPort['scope']['listen']): void {
  const follow = (): void => {
    const { height, offsetTop } = visualViewport!;
    root.style.setProperty('--high', `${height}px`);
    root.style.setProperty('--from', `${offsetTop}px`);
  };
  listen('resize scroll', follow, visualViewport);
  follow();
}
