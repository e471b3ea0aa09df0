/**
 * Finds the element that a nudge speaks of, and follows it: it may come late, move, be replaced, be hidden, or go.
 *
 * Nothing polls at full speed: frames are only asked for while something moves (after a scroll, a resize, a mutation,
 * until the target has stood still for a while); a slow heartbeat catches what no observer reports.
 */

import { CONTROL } from '../capture/selector';
import { type Scope, guard } from '../scope';

/**
 * Told of the rendered target, and its box when enough of it can be seen: null when not, undefined while that is not known
 * yet.
 */
export type Report = (element: Element | null, rect: DOMRect | null | undefined) => void;

const HEARTBEAT_MS = 250;
/** Frames without movement after which following rests. */
const STILL_FRAMES = 20;
/** Of a target larger than the screen, this much is enough to point at; CSS pixels. */
const ENOUGH_PX = 120;
/** Everything after which a target may stand elsewhere. */
const MOVES = 'scroll resize transitionrun animationstart';

/**
 * The first rendered element that matches. " >>> " in the selector steps into an open shadow root. A selector that the
 * browser cannot read finds nothing, since it came from afar.
 */
export function findTarget(selector: string): Element | null {
  try {
    let scope: ParentNode | null | undefined = document;
    const steps = selector.split('>>>');
    const last = steps.pop()!;
    for (const step of steps) scope = scope?.querySelector(step)?.shadowRoot;
    return [...(scope?.querySelectorAll(last) ?? [])].find(isRendered) ?? null;
  } catch {
    return null;
  }
}

/** What went wrong, and what explains the target, counts so many times as much as a control of the same size. */
const WORDS_WEIGH = 99;

/** What a card at this target should leave free: the controls of the page, what went wrong, and what explains the target. */
export function obstaclesOf(target: Element): readonly DOMRect[] {
  const described = (target.getAttribute('aria-describedby') ?? '').replace(/\S+/g, (id) => `,[id="${CSS.escape(id)}"]`);
  const found = (target.getRootNode() as ParentNode).querySelectorAll(`${CONTROL},[role=alert]${described}`);
  return [...found].flatMap((element) => Array(element.matches(CONTROL) ? 1 : WORDS_WEIGH).fill(element.getBoundingClientRect()));
}

function isRendered(element: Element): boolean {
  const { width, height } = element.getBoundingClientRect();
  return width * height > 0 && element.checkVisibility({ visibilityProperty: true });
}

/** Tells how much of what it observes is within the viewport, at first and when that changes by a quarter. */
export function watchSight(scope: Scope, heard: (entry: IntersectionObserverEntry) => void): IntersectionObserver {
  const notice = (entries: IntersectionObserverEntry[]): void => heard(entries.pop()!);
  return scope.observer(IntersectionObserver, notice, { threshold: [0, 0.25, 0.5, 0.75, 1] });
}

/**
 * Reports the target's whereabouts on every frame of movement and on every heartbeat, until the scope ends. The answer makes
 * it look closely for a while.
 */
export function followTarget(scope: Scope, selector: string, report: Report): () => void {
  let element: Element | null = null;
  let inView: boolean | undefined;
  let last: string | undefined;
  let still = 0;
  let frame = 0;

  /** Reports where the target is now; true when it is elsewhere than before. */
  const look = (): boolean => {
    const found = findTarget(selector);
    if (found !== element) watch(found);
    const rect = inView ? found!.getBoundingClientRect() : inView === false ? null : undefined;
    const place = JSON.stringify(rect);
    const moved = place !== last;
    last = place;
    report(found, rect);
    return moved;
  };
  const step = guard(() => {
    still = look() ? 0 : still + 1;
    frame = still < STILL_FRAMES ? requestAnimationFrame(step) : 0;
  });
  /** Follows closely from the next frame on. */
  const kick = guard(() => {
    still = 0;
    frame ||= requestAnimationFrame(step);
  });
  const sight = watchSight(scope, ({ intersectionRatio, intersectionRect: { width, height } }) => {
    inView = intersectionRatio >= 0.5 || Math.min(width, height) >= ENOUGH_PX;
    kick();
  });
  const watch = (next: Element | null): void => {
    sight.disconnect();
    element = next;
    inView = undefined;
    if (next) sight.observe(next);
  };

  scope.listen(MOVES, kick);
  scope.observer(MutationObserver, kick).observe(document, { childList: true, subtree: true });
  scope.pulse(HEARTBEAT_MS, () => look() && kick());
  scope.own(() => cancelAnimationFrame(frame));
  look();
  kick();
  return kick;
}
