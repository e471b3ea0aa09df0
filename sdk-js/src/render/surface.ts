/**
 * One card on the screen: announced politely, reachable and dismissable by keyboard, without ever taking the focus.
 */

import type { Guard } from './contract';
import { type Frame, makeScrollable } from './frame';
import type { Host } from './host';
import { positionCard } from './position';
import { type Scope, atEnd, listen, openScope } from './scope';
import { whenSeen } from './sight';

export interface SurfaceOptions {
  readonly host: Host;
  readonly guard: Guard;
  readonly frame: Frame;
  readonly rtl: boolean;
  /** CSS selector of what the card speaks of; none means a corner. */
  readonly selector: string | null | undefined;
  /** Read out once the card appears. */
  readonly announcement: string;
  /** A button that scrolls to the target, offered while the target is there but out of sight. */
  readonly reveal: HTMLElement;
  /** The card is about to appear, perhaps after a wait; false when it should not any more. */
  readonly onAppear: () => boolean;
  /** The card is really on a screen somebody can look at; possibly told more than once. */
  readonly onSeen: () => void;
  /** The user wants it gone: close button or Escape. */
  readonly onDismiss: () => void;
}

/** Opens the card; returns how to take it away. Focus that was inside then goes back to where it came from. */
export function openSurface(options: SurfaceOptions): () => void {
  const { host, guard, frame, selector, rtl, reveal, onDismiss } = options;
  const { card } = frame;
  const scope = openScope(host.document, guard);
  let target: Element | null = null;
  let appeared = false;
  host.root.append(card);
  host.raise();
  giveFocusBack(scope, card, () => target);
  atEnd(scope, () => leave(host, card));
  listen(scope, frame.close, 'click', onDismiss);
  listen(scope, reveal, 'click', () => target && scrollTo(target));
  dismissOnEscape(scope, card, () => target, !!selector, onDismiss);
  positionCard({
    scope,
    card,
    rtl,
    selector,
    onTarget: (element, anchored) => {
      target = element;
      host.settle();
      reveal.hidden = !element || anchored;
    },
    onMove: () => {
      makeScrollable(frame.main);
      if (appeared || !options.onAppear()) return;
      appeared = true;
      host.announce(options.announcement);
      whenSeen(scope, card, options.onSeen);
    },
  });
  return () => scope.end();
}

function leave(host: Host, card: HTMLElement): void {
  card.remove();
  host.announce('');
}

const EDITABLE = 'input,textarea,select,[contenteditable]';

/**
 * Escape inside the card always dismisses it. Elsewhere it dismisses a tooltip only, unless the page made use of the
 * key itself or the user is typing into the field that the tooltip explains.
 */
function dismissOnEscape(scope: Scope, card: HTMLElement, target: () => Element | null, anywhere: boolean, dismiss: () => void): void {
  const heard = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
    if (event.currentTarget === card || !isEditing(target())) dismiss();
  };
  listen(scope, card, 'keydown', heard);
  if (anywhere) listen(scope, scope.document, 'keydown', heard);
}

function isEditing(target: Element | null): boolean {
  const field = target?.matches(':focus') ? target : target?.querySelector(':focus');
  return !!field?.matches(EDITABLE);
}

/** Watches where focus was before it entered the card, and returns it there, or to the target, at the end. */
function giveFocusBack(scope: Scope, card: HTMLElement, target: () => Element | null): void {
  let before: EventTarget | null = null;
  listen(scope, card, 'focusin', ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget && !card.contains(relatedTarget as Node)) before = relatedTarget;
  });
  atEnd(scope, () => {
    const back = before instanceof HTMLElement && before.isConnected ? before : target();
    if (card.matches(':focus-within') && back instanceof HTMLElement) back.focus({ preventScroll: true });
  });
}

function scrollTo(target: Element): void {
  const calm = matchMedia('(prefers-reduced-motion:reduce)').matches;
  target.scrollIntoView({ block: 'center', inline: 'nearest', behavior: calm ? 'auto' : 'smooth' });
}
