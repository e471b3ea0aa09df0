/**
 * One card on the screen: announced politely, reachable and dismissable by keyboard, without ever taking the focus.
 */

import { here } from '../capture/privacy';
import { FIELDS } from '../capture/selector';
import { type Scope, createScope } from '../scope';
import type { Card } from './card';
import type { Host } from './host';
import { positionCard } from './position';
import { findTarget, watchSight } from './target';

export interface SurfaceOptions {
  readonly host: Host;
  readonly card: Card;
  /** CSS selector of what a tooltip speaks of, empty for a corner; other cards have none, and outlive their page. */
  readonly selector: string | null;
  /** The page that a tooltip belongs to. */
  readonly page: string;
  /** The card is about to appear, perhaps after a wait; false when it should not any more. */
  onAppear(): boolean;
  /** The card is really on a screen somebody can look at; possibly told more than once. */
  onSeen(): void;
  /** The user wants it gone: close button or Escape. */
  onDismiss(): void;
  /** What a tooltip speaks of is over: nobody decided anything about it. */
  onOver(): void;
}

/** What a submit has not mended: while one of these can be seen, the step is not done. */
const TROUBLE = '[aria-invalid=true],[role=alert]:not(:empty)';
/** From a submit until its errors must be there. */
const SUBMIT_MS = 2000;

/** Opens the card; returns how to take it away. Focus that was inside then goes back to where it came from. */
export function openSurface(options: SurfaceOptions): () => void {
  const { host, selector, page, onDismiss } = options;
  const { frame, main, close, reveal } = options.card;
  const scope = createScope();
  let target: Element | null = null;
  let appeared = false;
  let done = false;
  host.root.append(frame);
  host.settle(true);
  giveFocusBack(scope, frame, () => target);
  scope.own(() => {
    frame.remove();
    host.announce('');
  });
  scope.listen('click', onDismiss, close);
  scope.listen('click', () => target?.scrollIntoView({ block: 'center' }), reveal);
  dismissOnEscape(scope, frame, () => target, !!selector, onDismiss);
  scope.listen('submit', (event) => {
    if ((event.target as Element).contains(target)) scope.wait(SUBMIT_MS, () => (done = !findTarget(TROUBLE)));
  });
  positionCard(scope, frame, selector, (element, anchored, moved, removed) => {
    target = element;
    // Nothing is taken from under the hand of somebody who reads it.
    const over = done || removed || here() !== page;
    // Later, since the card may only just be opening.
    if (selector != null && over && !frame.matches(':hover,:focus-within')) return void scope.wait(0, options.onOver);
    host.settle();
    reveal.hidden = !element || anchored;
    if (!moved) return;
    makeScrollable(main);
    if (appeared || !options.onAppear()) return;
    appeared = true;
    host.announce(`${frame.ariaLabel}\n${main.innerText}`);
    whenSeen(scope, frame, options.onSeen);
  });
  return scope.end;
}

/**
 * Calls `seen` whenever the card is really on screen: at least half within the viewport, in a tab that is visible.
 * "Shown" is a claim about a person's screen, and counts against that person's daily limit.
 */
function whenSeen(scope: Scope, frame: Element, seen: () => void): void {
  let onScreen = false;
  const check = (): void => {
    if (onScreen && document.visibilityState === 'visible') seen();
  };
  watchSight(scope, ({ intersectionRatio }) => {
    onScreen = intersectionRatio >= 0.5;
    check();
  }).observe(frame);
  scope.listen('visibilitychange', check, document);
}

/** Text that scrolls must be reachable by keyboard; a stop in the tab order that does nothing is only noise. */
function makeScrollable(main: HTMLElement): void {
  main.tabIndex = main.scrollHeight > main.clientHeight + 1 ? 0 : -1;
}

/**
 * Escape inside the card always dismisses it. Elsewhere it dismisses a tooltip only, unless the page made use of the
 * key itself or the user is typing into the field that the tooltip explains.
 */
function dismissOnEscape(scope: Scope, frame: HTMLElement, target: () => Element | null, anywhere: boolean, dismiss: () => void): void {
  const heard = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
    if (event.currentTarget === frame || !isEditing(target())) dismiss();
  };
  scope.listen('keydown', heard, frame);
  if (anywhere) scope.listen('keydown', heard, document);
}

function isEditing(target: Element | null): boolean {
  const field = (target?.getRootNode() as Document | undefined)?.activeElement;
  return !!field && target!.contains(field) && field.matches(FIELDS);
}

/** Watches where focus was before it entered the card, and returns it there, or to the target, at the end. */
function giveFocusBack(scope: Scope, frame: HTMLElement, target: () => Element | null): void {
  let before: Element | undefined;
  scope.listen(
    'focusin',
    ({ relatedTarget }: FocusEvent) => {
      if (relatedTarget instanceof Element && !frame.contains(relatedTarget)) before = relatedTarget;
    },
    frame,
  );
  scope.own(() => {
    const back = before?.isConnected ? before : target();
    if (frame.matches(':focus-within')) (back as HTMLElement | null)?.focus({ preventScroll: true });
  });
}
