/**
 * The one element that the SDK adds to a page: a shadow host that page styles cannot hide, page scripts cannot confuse,
 * and no z-index can cover. It stands beside `body`, so that a framework which owns the body never meets it.
 */

import type { Guard, Theme } from './contract';
import { maker } from './element';
import { CSS } from './styles';

/** A custom element name that nobody registers; the capture side ignores everything inside. */
export const HOST_TAG = 'onboarding-agent';

export interface Host {
  readonly document: Document;
  /** Cards go in here. */
  readonly root: HTMLElement;
  /** Puts the host back to where it can be seen and used: in the page, or inside an open modal dialog. */
  settle(): void;
  /** The same, and above whatever came to the top layer since. */
  raise(): void;
  /** Tells screen readers, politely. */
  announce(text: string): void;
  /** Sets custom properties and the colour scheme; names other than `--oa-…` are ignored. */
  paint(theme: Theme): void;
  remove(): void;
}

/** What happens inside is no business of the page: its shortcuts, its "click outside" handlers, its focus traps. */
const PRIVATE = (
  'click mousedown mouseup pointerdown pointerup touchstart touchend keydown keyup keypress input change submit focusin focusout wheel'
).split(' ');

/** A live region is only read when it was there, empty, before. */
const ANNOUNCE_AFTER_MS = 120;

export function createHost(document: Document, guard: Guard): Host {
  const make = maker(document);
  const host = document.createElement(HOST_TAG);
  host.setAttribute('data-oa-ignore', '');
  host.setAttribute('popover', 'manual');
  const shadow = host.attachShadow({ mode: 'open' });
  const status = make('div', { class: 'status', role: 'status' });
  const root = make('div', { class: 'oa' }, status);
  adoptStyles(document, shadow);
  shadow.append(root);
  for (const type of PRIVATE) host.addEventListener(type, (event) => event.stopPropagation(), { passive: true });
  return {
    document,
    root,
    settle: () => settle(host, false),
    raise: () => settle(host, true),
    announce: (text) => void setTimeout(guard(() => void (status.textContent = text)), ANNOUNCE_AFTER_MS),
    paint: (theme) => paint(host, root, theme),
    remove: () => host.remove(),
  };
}

/**
 * Moves the host only when it must: a modal dialog makes all outside of it inert, and a page may have removed us.
 * In the top layer the last one shown is above; it is shown anew only when focus is elsewhere, since hiding loses focus.
 */
function settle(host: HTMLElement, onTop: boolean): void {
  const document = host.ownerDocument;
  const home = [...document.querySelectorAll('dialog:modal')].pop() ?? document.documentElement;
  if (host.parentElement !== home) home.append(host);
  else if (!onTop) return;
  if (!host.showPopover || document.activeElement === host) return;
  if (host.matches(':popover-open')) host.hidePopover();
  host.showPopover();
}

/** Constructable sheets pass every content security policy; browsers without them (Safari < 16.4) get a style element. */
function adoptStyles(document: Document, shadow: ShadowRoot): void {
  const Sheet = document.defaultView?.CSSStyleSheet;
  try {
    const sheet = new Sheet!();
    sheet.replaceSync(CSS);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    shadow.append(maker(document)('style', {}, CSS));
  }
}

function paint(host: HTMLElement, root: HTMLElement, { scheme, variables }: Theme): void {
  if (scheme) root.dataset['scheme'] = scheme;
  for (const [name, value] of Object.entries(variables ?? {})) {
    if (name.startsWith('--oa-')) host.style.setProperty(name, value);
  }
}
