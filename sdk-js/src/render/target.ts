/**
 * Finds the element that a nudge speaks of, and follows it: it may come late, move, be replaced, be hidden, or go.
 *
 * Nothing polls at full speed: frames are only asked for while something moves (after a scroll, a resize, a mutation,
 * until the target has stood still for a while); a slow heartbeat catches what no observer reports.
 */

import type { Rect } from './placement';
import { type Scope, atEnd, attach, listen } from './scope';

export interface Sighting {
  /** The rendered target, whether or not it is within the visible part of the page. */
  readonly element: Element | null;
  /** Its box, when enough of it can be seen. */
  readonly rect: Rect | null;
}

const HEARTBEAT_MS = 250;
/** Frames without movement after which following rests. */
const STILL_FRAMES = 20;
/** Of a target larger than the screen, this much is enough to point at; CSS pixels. */
const ENOUGH_PX = 120;
/** Everything after which a target may stand elsewhere. */
const MOVES = 'scroll resize toggle transitionrun animationstart';

/**
 * The first rendered element that matches. " >>> " in the selector steps into an open shadow root. A selector that the
 * browser cannot read finds nothing, since it came from afar.
 */
export function findTarget(document: Document, selector: string): Element | null {
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

function isRendered(element: Element): boolean {
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0 && (element.checkVisibility?.({ visibilityProperty: true }) ?? true);
}

/** Reports the target's whereabouts on every frame of movement and on every heartbeat, until the scope ends. */
export function followTarget(scope: Scope, selector: string, report: (seen: Sighting) => void): void {
  new Follower(scope, selector, report).start();
}

class Follower {
  readonly #scope: Scope;
  readonly #selector: string;
  readonly #report: (seen: Sighting) => void;
  readonly #view: Window;
  readonly #sight: IntersectionObserver;
  readonly #size: ResizeObserver;
  readonly #step: () => void;
  #element: Element | null = null;
  #inView = false;
  #last = '';
  #still = 0;
  #frame = 0;

  constructor(scope: Scope, selector: string, report: (seen: Sighting) => void) {
    this.#scope = scope;
    this.#selector = selector;
    this.#report = report;
    this.#view = scope.document.defaultView!;
    this.#step = scope.guard(() => this.#onFrame());
    const threshold = [0, 0.25, 0.5, 0.75, 1];
    this.#sight = attach(scope, new IntersectionObserver(scope.guard((entries) => this.#onSight(entries)), { threshold }));
    this.#size = attach(scope, new ResizeObserver(scope.guard(() => this.#kick())));
  }

  start(): void {
    const { document, guard } = this.#scope;
    const kick = guard(() => this.#kick());
    listen(this.#scope, this.#view, MOVES, kick, true);
    listen(this.#scope, this.#view.visualViewport, MOVES, kick);
    attach(this.#scope, new MutationObserver(kick)).observe(document, { childList: true, subtree: true });
    const heartbeat = this.#view.setInterval(guard(() => this.#look() && this.#kick()), HEARTBEAT_MS);
    atEnd(this.#scope, () => {
      this.#view.clearInterval(heartbeat);
      this.#view.cancelAnimationFrame(this.#frame);
    });
    this.#look();
    this.#kick();
  }

  /** Follows closely from the next frame on. */
  #kick(): void {
    this.#still = 0;
    this.#frame ||= this.#view.requestAnimationFrame(this.#step);
  }

  #onFrame(): void {
    this.#still = this.#look() ? 0 : this.#still + 1;
    this.#frame = this.#still < STILL_FRAMES ? this.#view.requestAnimationFrame(this.#step) : 0;
  }

  #onSight(entries: readonly IntersectionObserverEntry[]): void {
    const entry = entries[entries.length - 1]!;
    const { width, height } = entry.intersectionRect;
    this.#inView = entry.isIntersecting && (entry.intersectionRatio >= 0.5 || Math.min(width, height) >= ENOUGH_PX);
    this.#kick();
  }

  /** Reports where the target is now; true when it is elsewhere than before. */
  #look(): boolean {
    const found = findTarget(this.#scope.document, this.#selector);
    if (found !== this.#element) this.#watch(found);
    const rect = found && this.#inView ? found.getBoundingClientRect() : null;
    const place = rect ? [rect.x, rect.y, rect.width, rect.height].join() : '';
    const moved = place !== this.#last;
    this.#last = place;
    this.#report({ element: found, rect });
    return moved;
  }

  #watch(element: Element | null): void {
    this.#sight.disconnect();
    this.#size.disconnect();
    this.#element = element;
    this.#inView = false;
    if (!element) return;
    this.#sight.observe(element);
    this.#size.observe(element);
  }
}
