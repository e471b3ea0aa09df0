/**
 * The chat on the page: an element of its own with a shadow root, which floats above everything or stands within an element
 * that the host gives. Nothing that happens inside reaches the page.
 */

import { make } from '../render/element';
import type { Theme } from '../render/contract';
import type { Scope } from '../scope';
import { CSS } from './styles';

export interface View {
  readonly root: HTMLElement;
  /** Puts it where it belongs: into that element, or above the page. */
  settle(element: Element | null): void;
  announce(text: string): void;
  /** Sets custom properties and the colour scheme; names other than `--oa-…` are ignored. */
  paint(theme?: Theme): void;
}

/** A custom element name that nobody registers; the capture side ignores everything inside. */
export const HOST_TAG = 'onboarding-agent-chat';
const PRIVATE =
  'click mousedown pointerdown touchstart keydown keyup keypress input change submit focusin focusout';
/** A live region is only read when it was there before; and what was said need not stay. */
const SAY_MS = 100;
const FORGET_MS = 20_000;

export function createView(scope: Scope, language: string, direction: 'ltr' | 'rtl'): View {
  const host = make(HOST_TAG as 'div', { 'data-oa-ignore': 'true' });
  const shadow = host.attachShadow({ mode: 'open' });
  const live = make('div.sr', { 'aria-live': 'polite' });
  const root = make('div.oa', { lang: language, dir: direction }, live);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(root);
  scope.listen(PRIVATE, (event) => event.stopPropagation(), host);
  scope.own(() => host.remove());
  followKeyboard(scope, root);

  return {
    root,
    settle(element) {
      const home = element ?? document.documentElement;
      if (host.parentElement === home) return;
      host.popover = element ? null : 'manual';
      root.classList.toggle('within', !!element);
      home.append(host);
      if (!element) host.showPopover();
    },
    // Each on its own, so that what comes quickly one after another is read whole.
    announce: (text) =>
      void scope.wait(SAY_MS, () => {
        const said = make('p', { dir: 'auto' }, text);
        live.append(said);
        scope.wait(FORGET_MS, () => said.remove());
      }),
    paint({ scheme, variables = {} } = {}) {
      if (scheme) root.style.colorScheme = scheme === 'auto' ? '' : scheme;
      for (const name in variables) if (name.startsWith('--oa-')) host.style.setProperty(name, variables[name]!);
    },
  };
}

/** A keyboard on the screen covers the page's lower part: what fills the screen then ends above it. */
function followKeyboard(scope: Scope, root: HTMLElement): void {
  const view = visualViewport;
  const follow = (): void => {
    root.style.setProperty('--high', `${view!.height}px`);
    root.style.setProperty('--from', `${view!.offsetTop}px`);
  };
  scope.listen('resize scroll', follow, view);
  if (view) follow();
}
