/**
 * Writes to the screen what the pure geometry decided: a card beside its target with ring and arrow, or in a corner.
 */

import { type Anchorage, LATE_MS, advance, begin } from './anchorphase';
import { maker } from './element';
import { type Placement, type Point, type Rect, type Side, dock, place } from './placement';
import { type Scope, atEnd, attach } from './scope';
import { type Sighting, followTarget } from './target';

export interface PositionOptions {
  readonly scope: Scope;
  /** Already in the shadow tree, so that it can be measured. */
  readonly card: HTMLElement;
  readonly rtl: boolean;
  /** CSS selector of the target; none means a corner at once. */
  readonly selector: string | null | undefined;
  /** The card left the wait, or went from target to corner or back. */
  readonly onMove: () => void;
  /** The target, if there is one, and whether the card stands at it. */
  readonly onTarget: (target: Element | null, anchored: boolean) => void;
}

/** Between target and ring, in CSS pixels. */
const RING_GAP = 4;
/** Half of the arrow's box, border included. */
const ARROW_HALF = 7;

/** Keeps the card in its place until the scope ends. */
export function positionCard(options: PositionOptions): void {
  new Position(options).start();
}

class Position {
  readonly #options: PositionOptions;
  readonly #ring: HTMLElement;
  #anchorage: Anchorage;
  #side: Side | undefined;
  #sighting: Sighting = { element: null, rect: null };

  constructor(options: PositionOptions) {
    this.#options = options;
    this.#ring = maker(options.scope.document)('div', { class: 'ring' });
    this.#anchorage = begin(performance.now(), options.selector ? LATE_MS : 0);
  }

  start(): void {
    const { scope, card, selector } = this.#options;
    card.before(this.#ring);
    card.append(maker(scope.document)('span', { class: 'arrow' }));
    atEnd(scope, () => this.#ring.remove());
    attach(scope, new ResizeObserver(scope.guard(() => this.#update(this.#sighting)))).observe(card);
    followTarget(scope, selector ?? '', (sighting) => this.#update(sighting));
  }

  #update(sighting: Sighting): void {
    const { scope, card, rtl, onMove, onTarget } = this.#options;
    const { rect } = (this.#sighting = sighting);
    const view = viewportOf(scope.document.defaultView!);
    const placement = rect && place(rect, sizeOf(card), view, rtl, this.#side);
    const before = this.#anchorage.phase;
    const { phase } = (this.#anchorage = advance(this.#anchorage, !!placement, performance.now()));
    card.dataset['phase'] = phase;
    this.#drawRing(rect);
    // A card whose target just went stays where it is until patience ends; only the ring goes at once.
    if (placement) this.#point(placement);
    else if (phase === 'corner') moveTo(card, dock(sizeOf(card), view, rtl, rect));
    onTarget(sighting.element, !!placement);
    if (phase !== before) onMove();
  }

  #point({ side, arrow, ...corner }: Placement): void {
    const { card } = this.#options;
    this.#side = card.dataset['side'] = side;
    card.style.setProperty('--at', `${Math.round(arrow) - ARROW_HALF}px`);
    moveTo(card, corner);
  }

  #drawRing(rect: Rect | null): void {
    this.#ring.hidden = !rect;
    if (!rect) return;
    const { style } = this.#ring;
    const radius = getComputedStyle(this.#sighting.element!).borderTopLeftRadius;
    moveTo(this.#ring, { x: rect.x - RING_GAP, y: rect.y - RING_GAP });
    style.width = `${rect.width + 2 * RING_GAP}px`;
    style.height = `${rect.height + 2 * RING_GAP}px`;
    style.borderRadius = radius.endsWith('%') ? radius : `${parseFloat(radius) + RING_GAP}px`;
  }
}

function moveTo(element: HTMLElement, { x, y }: Point): void {
  element.style.translate = `${Math.round(x)}px ${Math.round(y)}px`;
}

/** The layout size: an entry animation scales what is painted, not this. */
function sizeOf(card: HTMLElement): { width: number; height: number } {
  return { width: card.offsetWidth, height: card.offsetHeight };
}

/** What the user can see of the page, smaller than the window when zoomed in or when a keyboard is up. */
function viewportOf({ visualViewport, innerWidth, innerHeight }: Window): Rect {
  const { offsetLeft: x = 0, offsetTop: y = 0, width = innerWidth, height = innerHeight } = visualViewport ?? {};
  return { x, y, width, height };
}
