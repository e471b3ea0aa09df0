/**
 * Knows when a card has really been on screen: rendered, at least half within the viewport, in a tab that is visible.
 * "Shown" is a claim about a person's screen, and counts against that person's daily limit.
 */

import { type Scope, attach, listen } from './scope';

/** Calls `seen` whenever that is so; possibly more than once. */
export function whenSeen(scope: Scope, element: Element, seen: () => void): void {
  const { document, guard } = scope;
  let onScreen = false;
  const check = (): void => {
    if (onScreen && document.visibilityState === 'visible') seen();
  };
  const notice = guard((entries: readonly IntersectionObserverEntry[]) => {
    onScreen = entries[entries.length - 1]!.intersectionRatio >= 0.5;
    check();
  });
  attach(scope, new IntersectionObserver(notice, { threshold: [0, 0.5] })).observe(element);
  listen(scope, document, 'visibilitychange', check);
}
