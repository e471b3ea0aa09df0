/**
 * One card on the screen: announced politely, reachable and dismissable by keyboard, without ever taking the focus.
 */

import type { Guard } from './contract';
import { type Frame, makeScrollable } from './frame';
import type { Host } from './host';
import { CardPosition } from './position';
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
  /** Asked when the card is about to appear after a wait; true drops it unseen, through `onStale`. */
  readonly isStale: () => boolean;
  readonly onStale: () => void;
  /** The card is really on a screen somebody can look at; at most once. */
  readonly onSeen: () => void;
  /** The user wants it gone: close button or Escape. */
  readonly onDismiss: () => void;
}

export interface Surface {
  /** Takes the card away; focus that was inside goes back to where it came from. */
  close(): void;
}

export function openSurface(options: SurfaceOptions): Surface {
  const { host, guard, frame, selector, rtl, reveal } = options;
  const { card } = frame;
  const focus = rememberFocus(card);
  let target: Element | null = null;
  let stopLooking = (): void => {};
  host.root.append(card);
  host.raise();
  const position = new CardPosition({
    document: host.document,
    guard,
    card,
    rtl,
    selector,
    onTarget: (element, inSight) => {
      target = element;
      reveal.hidden = !element || inSight;
    },
    onPhase: once(() => {
      if (options.isStale()) return options.onStale();
      makeScrollable(frame.main);
      host.announce(options.announcement);
      stopLooking = whenSeen(card, guard, options.onSeen);
    }),
  });
  reveal.addEventListener('click', guard(() => target && scrollTo(target)));
  frame.close.addEventListener('click', guard(options.onDismiss));
  const stopEscape = onEscape(card, guard, () => target, !!selector, options.onDismiss);
  return {
    close: () => {
      stopLooking();
      stopEscape();
      position.stop();
      focus.giveBack(target);
      card.remove();
      host.announce('');
    },
  };
}

function once(run: () => void): () => void {
  let ran = false;
  return () => {
    if (!ran) run();
    ran = true;
  };
}

/**
 * Escape inside the card always dismisses it. Elsewhere it dismisses a tooltip only, unless the page made use of the
 * key itself or the user is typing into the field that the tooltip explains.
 */
function onEscape(card: HTMLElement, guard: Guard, target: () => Element | null, anywhere: boolean, dismiss: () => void): () => void {
  const document = card.ownerDocument;
  const isEscape = (event: KeyboardEvent): boolean => event.key === 'Escape' && !event.isComposing && !event.defaultPrevented;
  const outside = guard((event: KeyboardEvent) => {
    if (isEscape(event) && !isEditing(target())) dismiss();
  });
  card.addEventListener('keydown', guard((event: KeyboardEvent) => isEscape(event) && dismiss()));
  if (anywhere) document.addEventListener('keydown', outside);
  return () => document.removeEventListener('keydown', outside);
}

const EDITABLE = 'textarea,select,[contenteditable]:not([contenteditable=false]),input:not([type=button],[type=submit],[type=checkbox],[type=radio])';

function isEditing(target: Element | null): boolean {
  const active = target?.ownerDocument.activeElement;
  return !!active && !!target?.contains(active) && active.matches(EDITABLE);
}

/** Watches where focus was before it entered the card. */
function rememberFocus(card: HTMLElement): { giveBack(otherwise: Element | null): void } {
  let before: EventTarget | null = null;
  card.addEventListener('focusin', ({ relatedTarget }) => {
    if (relatedTarget && !card.contains(relatedTarget as Node)) before = relatedTarget;
  });
  return {
    giveBack: (otherwise) => {
      if (!card.matches(':focus-within')) return;
      const back = before instanceof HTMLElement && before.isConnected ? before : otherwise;
      if (back instanceof HTMLElement) back.focus({ preventScroll: true });
    },
  };
}

function scrollTo(target: Element): void {
  const calm = target.ownerDocument.defaultView!.matchMedia('(prefers-reduced-motion:reduce)').matches;
  target.scrollIntoView({ block: 'center', inline: 'nearest', behavior: calm ? 'auto' : 'smooth' });
}
