/**
 * Where a card goes: pure geometry, so that every edge of the screen can be tested by a table.
 *
 * All numbers are CSS pixels in the coordinates of `position: fixed`; `Rect.x/y` is the upper left corner.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

export type Side = 'bottom' | 'top' | 'right' | 'left';

export interface Placement {
  /** The side of the target on which the card stands. */
  readonly side: Side;
  readonly x: number;
  readonly y: number;
  /** Distance of the arrow's centre from the card's left edge (top and bottom) or upper edge (left and right). */
  readonly arrow: number;
}

/** Between target and card: the ring (4), the arrow (6) and a breath. */
const GAP = 14;
/** Kept free between card and screen edge. */
export const MARGIN = 12;
/** The arrow stays this far from the card's ends, clear of its rounded corners. */
const ARROW_INSET = 22;

const SIDES: Readonly<Record<'ltr' | 'rtl', readonly Side[]>> = {
  ltr: ['bottom', 'top', 'right', 'left'],
  rtl: ['bottom', 'top', 'left', 'right'],
};

/**
 * The best place for a card of `size` beside `target`, or null when no side has room for it without covering the
 * target: the caller then docks the card in a corner. `current` is kept while it fits, so that a card does not hop
 * from side to side as the page scrolls.
 */
export function place(target: Rect, size: Size, viewport: Rect, rtl = false, current?: Side): Placement | null {
  const sides = SIDES[rtl ? 'rtl' : 'ltr'];
  const wanted = current ? [current, ...sides] : sides;
  const side = wanted.find((candidate) => fits(candidate, target, size, viewport));
  return side ? settle(side, target, size, viewport) : null;
}

/**
 * The corner for a card that has no target: the lower end corner of the reading direction, or the upper one where the
 * lower would cover `avoid` (the target, or the field being typed in) and the upper would not.
 */
export function dock(size: Size, viewport: Rect, rtl = false, avoid?: Rect | null, inset = 20): { x: number; y: number } {
  const edge = viewport.width < 480 ? MARGIN : inset;
  const x = rtl ? viewport.x + edge : viewport.x + viewport.width - size.width - edge;
  const lower = viewport.y + Math.max(edge, viewport.height - size.height - edge);
  const upper = viewport.y + edge;
  const blocked = (y: number): boolean => !!avoid && overlaps({ x, y, ...size }, avoid);
  return { x, y: blocked(lower) && !blocked(upper) ? upper : lower };
}

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

export function isVertical(side: Side): boolean {
  return side === 'bottom' || side === 'top';
}

function fits(side: Side, target: Rect, size: Size, view: Rect): boolean {
  const across = isVertical(side)
    ? size.width + 2 * MARGIN <= view.width
    : size.height + 2 * MARGIN <= view.height;
  return across && room(side, target, view) >= (isVertical(side) ? size.height : size.width) + GAP + MARGIN;
}

/** Pixels between the target and the screen edge on that side. */
function room(side: Side, target: Rect, view: Rect): number {
  switch (side) {
    case 'bottom':
      return view.y + view.height - (target.y + target.height);
    case 'top':
      return target.y - view.y;
    case 'right':
      return view.x + view.width - (target.x + target.width);
    case 'left':
      return target.x - view.x;
  }
}

function settle(side: Side, target: Rect, size: Size, view: Rect): Placement {
  if (isVertical(side)) {
    const { start, arrow } = align(target.x, target.width, size.width, view.x, view.width);
    const y = side === 'bottom' ? target.y + target.height + GAP : target.y - size.height - GAP;
    return { side, x: start, y: clampAxis(y, size.height, view.y, view.height), arrow };
  }
  const { start, arrow } = align(target.y, target.height, size.height, view.y, view.height);
  const x = side === 'right' ? target.x + target.width + GAP : target.x - size.width - GAP;
  return { side, x: clampAxis(x, size.width, view.x, view.width), y: start, arrow };
}

/** Centres the card on the visible part of the target, shifted into the screen; the arrow stays on the target. */
function align(
  targetStart: number,
  targetLength: number,
  cardLength: number,
  viewStart: number,
  viewLength: number,
): { start: number; arrow: number } {
  const from = Math.max(targetStart, viewStart);
  const to = Math.min(targetStart + targetLength, viewStart + viewLength);
  const centre = (from + to) / 2;
  const start = clampAxis(centre - cardLength / 2, cardLength, viewStart, viewLength);
  const inset = Math.min(ARROW_INSET, cardLength / 2);
  return { start, arrow: clamp(centre - start, inset, cardLength - inset) };
}

/** The start of a card that stays within the screen, margin kept; a card longer than the screen begins at the margin. */
function clampAxis(start: number, length: number, viewStart: number, viewLength: number): number {
  return clamp(start, viewStart + MARGIN, Math.max(viewStart + MARGIN, viewStart + viewLength - length - MARGIN));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
