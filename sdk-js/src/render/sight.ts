/**
 * Knows when a card has really been on screen: rendered, at least half within the viewport, in a tab that is visible.
 * "Shown" is a claim about a person's screen, and counts against that person's daily limit.
 */

import type { Guard } from './contract';

/** Calls `seen` once; returns how to stop looking. */
export function whenSeen(element: Element, guard: Guard, seen: () => void): () => void {
  const document = element.ownerDocument;
  let onScreen = false;
  const check = guard(() => {
    if (!onScreen || document.visibilityState !== 'visible') return;
    stop();
    seen();
  });
  const observer = new IntersectionObserver(
    guard((entries: IntersectionObserverEntry[]) => {
      const last = entries[entries.length - 1];
      onScreen = !!last && last.isIntersecting && last.intersectionRatio >= 0.5;
      check();
    }),
    { threshold: [0, 0.5] },
  );
  const stop = (): void => {
    observer.disconnect();
    document.removeEventListener('visibilitychange', check);
  };
  document.addEventListener('visibilitychange', check);
  observer.observe(element);
  return stop;
}
