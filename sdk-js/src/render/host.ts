/**
 * The elements that the SDK adds to a page, one for cards and one for the chat: shadow hosts that page styles cannot hide,
 * page scripts cannot confuse, and no z-index can cover. They stand beside `body`, so that a framework which owns the body
 * never meets them.
 */

import type { Scope } from '../scope';
import type { Theme } from './contract';
import { make } from './element';
import { CSS } from './styles';

/** A custom element name that nobody registers; the capture side ignores everything inside. */
export const HOST_TAG = 'onboarding-agent';

export interface Host {
  readonly element: HTMLElement;
  /** Cards go in here. */
  readonly root: HTMLElement;
  /** Puts the host to where it can be seen and used: in the page, or inside an open modal dialog; `onTop`: above all else. */
  settle(onTop?: boolean): void;
  /** Tells screen readers, politely. */
  announce(text: string): void;
  /** Sets custom properties and the colour scheme; names other than `--oa-…` are ignored. */
  paint(theme?: Theme): void;
}

/** What happens inside is no business of the page: its shortcuts, its "click outside" handlers, its focus traps. */
const PRIVATE =
  'click mousedown pointerdown touchstart keydown keyup keypress input change submit focusin focusout';

/** A live region is only read when it was there, empty, before. */
const ANNOUNCE_AFTER_MS = 120;

/** The host goes with the scope. @param more styles beside those that all share. */
export function createHost(scope: Scope, tag = HOST_TAG, more = ''): Host {
  const host = make(tag as 'div', { 'data-oa-ignore': 'true', popover: 'manual' });
  const shadow = host.attachShadow({ mode: 'open' });
  const status = make('div.status', { role: 'status' });
  const root = make('div.oa', {}, status);
  // A constructed sheet passes every content security policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS + more);
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(root);
  scope.listen(PRIVATE, (event) => event.stopPropagation(), host);
  scope.own(() => host.remove());
  return {
    element: host,
    root,
    settle: (onTop) => settle(host, onTop),
    announce: (text) => void scope.wait(ANNOUNCE_AFTER_MS, () => (status.textContent = text)),
    paint({ scheme, variables = {} } = {}) {
      if (scheme) root.style.colorScheme = scheme === 'auto' ? '' : scheme;
      for (const name in variables) if (name.startsWith('--oa-')) host.style.setProperty(name, variables[name]!);
    },
  };
}

/**
 * Moves the host only when it must: a modal dialog makes all outside of it inert, and a page may have removed us. In the
 * top layer the last one shown is above, and what is put in anew is shown anew.
 */
function settle(host: HTMLElement, onTop?: boolean): void {
  const home = [...document.querySelectorAll('dialog:modal')].pop() ?? document.documentElement;
  if (host.parentElement === home && !onTop) return;
  home.append(host);
  host.showPopover();
}
