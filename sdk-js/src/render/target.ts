/**
 * Finds the element that a nudge speaks of, and follows it: it may come late, move, be replaced, be hidden, or go.
 *
 * Nothing polls at full speed: frames are only asked for while something moves (after a scroll, a resize, a mutation,
 * until the target has stood still for a while); a slow heartbeat catches what no observer reports.
 */

import type { Guard } from './contract';
import type { Rect } from './placement';

export interface Sighting {
  /** The rendered target, whether or not it is within the visible part of the page. */
  readonly element: Element | null;
  /** Its box, when enough of it can be seen. */
  readonly rect: Rect | null;
}

export interface Follower {
  /** Something may have moved: look closely for a while. */
  kick(): void;
  stop(): void;
}

const HEARTBEAT_MS = 250;
/** Frames without movement after which following rests. */
const STILL_FRAMES = 20;
/** Of a target larger than the screen, this much is enough to point at; CSS pixels. */
const ENOUGH_PX = 120;

/**
 * The first rendered element that matches. " >>> " in the selector steps into an open shadow root. A selector that the
 * browser cannot read finds nothing, since it came from afar.
 */
export function findTarget(document: Document, selector: string): Element | null {
  const steps = selector.split('>>>');
  const last = steps.pop() ?? '';
  try {
    let scope: ParentNode | null | undefined = document;
    for (const step of steps) scope = scope?.querySelector(step)?.shadowRoot;
    return [...(scope?.querySelectorAll(last) ?? [])].find(isRendered) ?? null;
  } catch {
    return null;
  }
}

function isRendered(element: Element): boolean {
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0 && (element.checkVisibility?.({ visibilityProperty: true }) ?? true);
}

/** Reports every change of the target's whereabouts, and each heartbeat, until stopped. */
export function followTarget(document: Document, selector: string, guard: Guard, report: (seen: Sighting) => void): Follower {
  const view = document.defaultView!;
  let element: Element | null = null;
  let inView = false;
  let last = '';
  let still = 0;
  let frame = 0;

  const sight = new IntersectionObserver(guard((entries: IntersectionObserverEntry[]) => {
    inView = entries.some((entry) => entry.target === element) ? isEnough(entries[entries.length - 1]!) : inView;
    kick();
  }), { threshold: [0, 0.25, 0.5, 0.75, 1] });
  const size = new ResizeObserver(guard(() => kick()));
  const changes = new MutationObserver(guard(() => kick()));

  const look = (): void => {
    const found = findTarget(document, selector);
    if (found === element) return;
    sight.disconnect();
    size.disconnect();
    element = found;
    inView = false;
    if (found) (sight.observe(found), size.observe(found));
  };
  const measure = (): boolean => {
    const box = element && inView ? element.getBoundingClientRect() : null;
    const now = box ? [box.x, box.y, box.width, box.height].join() : '';
    const moved = now !== last;
    last = now;
    report({ element, rect: box });
    return moved;
  };
  const step = guard(() => {
    look();
    still = measure() ? 0 : still + 1;
    frame = still < STILL_FRAMES ? view.requestAnimationFrame(step) : 0;
  });
  const kick = (): void => {
    still = 0;
    frame ||= view.requestAnimationFrame(step);
  };
  const stopListening = listen(document, guard(() => kick()));
  const heartbeat = view.setInterval(guard(() => (look(), measure() && kick())), HEARTBEAT_MS);
  changes.observe(document, { childList: true, subtree: true });
  look();
  kick();

  return {
    kick,
    stop: () => {
      stopListening();
      view.clearInterval(heartbeat);
      view.cancelAnimationFrame(frame);
      for (const observer of [sight, size, changes]) observer.disconnect();
    },
  };
}

function isEnough(entry: IntersectionObserverEntry): boolean {
  const { height, width } = entry.intersectionRect;
  return entry.isIntersecting && (entry.intersectionRatio >= 0.5 || (height >= ENOUGH_PX && width >= ENOUGH_PX));
}

/** Everything after which a target may stand elsewhere; scrolls of inner containers are only seen while capturing. */
function listen(document: Document, moved: () => void): () => void {
  const view = document.defaultView!;
  const sources: readonly (readonly [EventTarget | null, string])[] = [
    [document, 'scroll'],
    [document, 'transitionrun'],
    [document, 'animationstart'],
    [document, 'toggle'],
    [view, 'resize'],
    [view.visualViewport, 'resize'],
    [view.visualViewport, 'scroll'],
  ];
  const options = { capture: true, passive: true };
  for (const [source, type] of sources) source?.addEventListener(type, moved, options);
  return () => {
    for (const [source, type] of sources) source?.removeEventListener(type, moved, options);
  };
}
