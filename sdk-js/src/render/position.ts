/**
 * Writes to the screen what the pure geometry decided: a card beside its target with ring and arrow, or in a corner.
 */

import type { Scope } from '../scope';
import { LATE_MS, advance, begin } from './anchorphase';
import { make } from './element';
import { type Point, type Rect, type Side, dock, place } from './placement';
import { type Report, followTarget } from './target';

/**
 * Told of the target, if there is one; whether the card stands at it; and whether the card has left the wait, or gone from
 * target to corner or back.
 */
export type Placed = (target: Element | null, anchored: boolean, moved: boolean) => void;

/** Between target and ring, in CSS pixels. */
const RING_GAP = 4;
/** Half of the arrow's box, border included. */
const ARROW_HALF = 7;

/**
 * Keeps the card, which is in the shadow tree already, in its place until the scope ends. Without a selector that is a
 * corner, at once.
 */
export function positionCard(scope: Scope, card: HTMLElement, selector: string | null | undefined, rtl: boolean, placed: Placed): void {
  const ring = make('div.ring');
  let anchorage = begin(performance.now(), selector ? LATE_MS : 0);
  let side: Side | undefined;

  const update: Report = (element, rect) => {
    const view = visibleArea();
    // The layout size: an entry animation scales what is painted, not this.
    const size = { width: card.offsetWidth, height: card.offsetHeight };
    const placement = rect && place(rect, size, view, rtl, side);
    const before = anchorage.phase;
    anchorage = advance(anchorage, !!placement, performance.now());
    const { phase } = anchorage;
    card.dataset['phase'] = phase;
    ring.hidden = !rect;
    if (rect) draw(ring, rect);
    // A card whose target just went stays where it is until patience ends; only the ring goes at once.
    if (placement) {
      side = card.dataset['side'] = placement.side;
      card.style.setProperty('--at', px(placement.arrow - ARROW_HALF));
      moveTo(card, placement);
    } else if (phase === 'corner') moveTo(card, dock(size, view, rtl, rect));
    placed(element, !!placement, phase !== before);
  };

  card.before(ring);
  card.append(make('span.arrow'));
  scope.own(() => ring.remove());
  const kick = followTarget(scope, selector ?? '', update);
  scope.observer(ResizeObserver, kick).observe(card);
}

function draw(ring: HTMLElement, { x, y, width, height }: Rect): void {
  moveTo(ring, { x: x - RING_GAP, y: y - RING_GAP });
  ring.style.width = px(width + 2 * RING_GAP);
  ring.style.height = px(height + 2 * RING_GAP);
}

const px = (length: number): string => `${Math.round(length)}px`;

function moveTo(element: HTMLElement, { x, y }: Point): void {
  element.style.translate = `${px(x)} ${px(y)}`;
}

/** What the user can see of the page, smaller than the window when zoomed in or when a keyboard is up. */
function visibleArea(): Rect {
  const { offsetLeft: x, offsetTop: y, width, height } = visualViewport!;
  return { x, y, width, height };
}
