/**
 * Writes to the screen what the pure geometry decided: a card beside its target with ring and arrow, or in a corner.
 */

import { type Anchorage, type Phase, advance, begin } from './anchorphase';
import type { Guard } from './contract';
import { maker } from './element';
import { type Placement, type Rect, type Size, dock, isVertical, place } from './placement';
import { type Sighting, followTarget } from './target';

export interface PositionOptions {
  readonly document: Document;
  readonly guard: Guard;
  /** Already in the shadow tree, so that it can be measured. */
  readonly card: HTMLElement;
  readonly rtl: boolean;
  /** CSS selector of the target; none means a corner at once. */
  readonly selector: string | null | undefined;
  /** Hears where the card stands from now on, and whether its target exists out of sight. */
  readonly onPhase: (phase: Phase) => void;
  readonly onTarget: (target: Element | null, inSight: boolean) => void;
}

/** Between target and ring, in CSS pixels. */
const RING_GAP = 4;

export class CardPosition {
  private anchorage: Anchorage = begin(performance.now());
  private placement: Placement | null = null;
  private rect: Rect | null = null;
  private readonly ring: HTMLElement;
  private readonly arrow: HTMLElement;
  private readonly endings: (() => void)[] = [];

  constructor(private readonly options: PositionOptions) {
    const make = maker(options.document);
    this.ring = make('div', { class: 'ring' });
    this.arrow = make('span', { class: 'arrow' });
    this.ring.hidden = true;
    options.card.before(this.ring);
    options.card.append(this.arrow);
    this.watch();
  }

  stop(): void {
    for (const end of this.endings.splice(0)) end();
    this.ring.remove();
  }

  private watch(): void {
    const { document, guard, selector, card } = this.options;
    const again = guard(() => this.update({ element: null, rect: this.rect }));
    const size = new ResizeObserver(again);
    size.observe(card);
    this.endings.push(() => size.disconnect());
    if (selector) {
      const follower = followTarget(document, selector, guard, (sighting) => this.see(sighting));
      this.endings.push(() => follower.stop());
      return;
    }
    const view = document.defaultView!;
    const screens = [view, view.visualViewport];
    for (const screen of screens) screen?.addEventListener('resize', again);
    this.endings.push(() => screens.forEach((screen) => screen?.removeEventListener('resize', again)));
    this.anchorage = { ...this.anchorage, patience: 0 };
    again();
  }

  private see(sighting: Sighting): void {
    this.update(sighting);
    this.options.onTarget(sighting.element, !!this.placement);
  }

  private update({ rect }: Sighting): void {
    const { card, rtl, onPhase } = this.options;
    const before = this.anchorage.phase;
    const view = viewportOf(this.options.document);
    const size = { width: card.offsetWidth, height: card.offsetHeight };
    this.rect = rect;
    this.placement = rect && place(rect, size, view, rtl, this.placement?.side);
    this.anchorage = advance(this.anchorage, !!this.placement, performance.now());
    const phase = this.anchorage.phase;
    if (phase !== before) card.dataset['phase'] = phase;
    this.draw(view);
    if (phase !== before) onPhase(phase);
  }

  /** A card whose target just went stays where it is until patience ends; only the ring goes at once. */
  private draw(view: Rect): void {
    const { card, rtl } = this.options;
    this.drawRing();
    if (this.placement) {
      moveTo(card, this.placement);
      this.drawArrow(this.placement);
    } else if (this.anchorage.phase === 'corner') {
      const size: Size = { width: card.offsetWidth, height: card.offsetHeight };
      moveTo(card, dock(size, view, rtl, this.rect));
    }
  }

  private drawArrow({ side, arrow }: Placement): void {
    this.options.card.dataset['side'] = side;
    const along = `${Math.round(arrow) - 7}px`;
    const { style } = this.arrow;
    style.left = isVertical(side) ? along : side === 'right' ? '-7px' : '';
    style.right = side === 'left' ? '-7px' : '';
    style.top = isVertical(side) ? (side === 'bottom' ? '-7px' : '') : along;
    style.bottom = side === 'top' ? '-7px' : '';
  }

  private drawRing(): void {
    const rect = this.rect;
    this.ring.hidden = !rect;
    if (!rect) return;
    const { style } = this.ring;
    moveTo(this.ring, { x: rect.x - RING_GAP, y: rect.y - RING_GAP });
    style.width = `${rect.width + 2 * RING_GAP}px`;
    style.height = `${rect.height + 2 * RING_GAP}px`;
  }
}

function moveTo(element: HTMLElement, { x, y }: { readonly x: number; readonly y: number }): void {
  element.style.translate = `${Math.round(x)}px ${Math.round(y)}px`;
}

/** What the user can see of the page, smaller than the window when zoomed in or when a keyboard is up. */
function viewportOf(document: Document): Rect {
  const view = document.defaultView!;
  const { offsetLeft: x, offsetTop: y, width, height } = view.visualViewport ?? {
    offsetLeft: 0,
    offsetTop: 0,
    width: view.innerWidth,
    height: view.innerHeight,
  };
  return { x, y, width, height };
}
