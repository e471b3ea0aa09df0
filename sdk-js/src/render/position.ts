/**
 * Writes to the screen what the pure geometry decided: a card beside its target with ring and arrow, or in a corner.
 */

import type { Scope } from '../scope';
import { LATE_MS, advance, begin } from './anchorphase';
import { make } from './element';
import { type Point, type Rect, type Side, dock, place } from './placement';
import { type Report, followTarget, obstaclesOf } from './target';

/**
 * Told of the target, if there is one; whether the card stands at it; whether the card has left the wait, or gone from
 * target to corner or back; and whether the target was removed for good.
 */
export type Placed = (target: Element | null, anchored: boolean, moved: boolean, removed: boolean) => void;

/** Between target and ring, in CSS pixels. */
const RING_GAP = 4;
/** Half of the arrow's box, border included. */
const ARROW_HALF = 7;

/**
 * Keeps the card, which is in the shadow tree already, in its place until the scope ends. Without a selector that is a
 * corner, at once.
 */
export function positionCard(scope: Scope, card: HTMLElement, selector: string | null, placed: Placed): void {
  const ring = make('div.ring');
  const arrow = make('span.arrow');
  let anchorage = begin(performance.now(), selector ? LATE_MS : 0);
  let side: Side | undefined;
  const rtl = card.dir === 'rtl';
  let known: Element | null = null;

  const update: Report = (element, rect) => {
    const view = visibleArea();
    // The layout size, which no transform of the page's changes.
    const size = { width: card.offsetWidth, height: card.offsetHeight };
    const obstacles = rect ? obstaclesOf(element!) : [];
    const placement = rect && place(rect, size, view, rtl, side, obstacles);
    const before = anchorage.phase;
    const now = performance.now();
    known = element ?? known;
    anchorage = advance(anchorage, !!element, rect === undefined ? rect : !!placement, now);
    const { phase, since } = anchorage;
    card.dataset['phase'] = phase;
    ring.hidden = !rect;
    if (rect) draw(ring, rect);
    // A card whose target just went stays where it is until patience ends; only the ring goes at once.
    if (placement) {
      side = card.dataset['side'] = placement.side;
      moveTo(arrow, placement.arrow, -ARROW_HALF);
      moveTo(card, placement);
    } else if (phase === 'corner') moveTo(card, dock(size, { ...view, height: view.height - reserved }, rtl, rect ? [rect, ...obstacles] : []));
    placed(element, !!placement, phase !== before, known?.isConnected === false && now - since >= LATE_MS);
  };

  card.before(ring);
  card.append(arrow);
  scope.own(() => ring.remove());
  const kick = followTarget(scope, selector ?? '', update);
  scope.observer(ResizeObserver, kick).observe(card);
}

function draw(ring: HTMLElement, { x, y, width, height }: DOMRect): void {
  moveTo(ring, { x, y }, -RING_GAP);
  ring.style.width = px(width + 2 * RING_GAP);
  ring.style.height = px(height + 2 * RING_GAP);
}

const px = (length: number): string => `${Math.round(length)}px`;

function moveTo(element: HTMLElement, { x, y }: Point, by = 0): void {
  element.style.translate = `${px(x + by)} ${px(y + by)}`;
}

/** What the user can see of the page, smaller than the window when zoomed in or when a keyboard is up. */
function visibleArea(): Rect {
  const { offsetLeft: x, offsetTop: y, width, height } = visualViewport!;
  return { x, y, width, height };
}

/** At the lower edge, where something of ours stands already; CSS pixels. */
let reserved = 0;
export const reserve = (pixels: number): void => {
  reserved = pixels;
};
