/**
 * Where a card goes: pure geometry, so that every edge of the screen can be tested by a table.
 *
 * All numbers are CSS pixels in the coordinates of `position: fixed`; `Rect.x/y` is the upper left corner.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rect extends Size, Point {}

export type Side = 'bottom' | 'top' | 'right' | 'left';

export interface Placement extends Point {
  /** The side of the target on which the card stands. */
  readonly side: Side;
  /** Distance of the arrow's centre from the card's left edge (top and bottom) or upper edge (left and right). */
  readonly arrow: number;
}

/** Between target and card: the ring, the arrow and a breath. */
export const GAP = 14;
/** Kept free between card and screen edge. */
export const MARGIN = 12;
/** The same for a corner card on a screen with room to spare. */
export const ROOMY_MARGIN = 20;
/** The arrow stays this far from the card's ends, clear of its rounded corners. */
const ARROW_INSET = 22;
/** Screens narrower than this have no room to spare. */
const NARROW = 480;

type Axis = 'x' | 'y';


/**
 * The best place for a card of `size` beside `target`, or null when no side has room for it without covering the
 * target: the caller then docks the card in a corner. `current` is kept while it fits, so that a card does not hop
 * from side to side as the page scrolls.
 */
export function place(target: Rect, size: Size, view: Rect, rtl = false, current?: Side): Placement | null {
  const sides: readonly Side[] = rtl ? ['bottom', 'top', 'left', 'right'] : ['bottom', 'top', 'right', 'left'];
  for (const side of [current ?? 'bottom', ...sides]) {
    const found = settle(side, target, size, view);
    if (found) return found;
  }
  return null;
}

/**
 * The corner for a card without a place at its target: the lower end corner of the reading direction, or the upper one
 * where the lower would cover `avoid` and the upper would not.
 */
export function dock(size: Size, view: Rect, rtl = false, avoid: Rect | null = null): Point {
  const margin = view.width < NARROW ? MARGIN : ROOMY_MARGIN;
  const x = rtl ? view.x + margin : end(view, 'x') - size.width - margin;
  const upper = view.y + margin;
  const lower = Math.max(upper, end(view, 'y') - size.height - margin);
  const covers = (y: number): boolean => !!avoid && overlaps({ x, y, ...size }, avoid);
  return { x, y: covers(lower) && !covers(upper) ? upper : lower };
}

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < end(b, 'x') && b.x < end(a, 'x') && a.y < end(b, 'y') && b.y < end(a, 'y');
}

function end(rect: Rect, axis: Axis): number {
  return rect[axis] + rect[axis === 'x' ? 'width' : 'height'];
}

/** Beside the target on one axis; on the other centred on what can be seen of it, and shifted into the screen. */
function settle(side: Side, target: Rect, { width, height }: Size, view: Rect): Placement | null {
  const isAfter = side === 'bottom' || side === 'right';
  const isUpright = side === 'bottom' || side === 'top';
  const [axis, cross]: [Axis, Axis] = isUpright ? ['y', 'x'] : ['x', 'y'];
  const [depth, length] = isUpright ? [height, width] : [width, height];
  const [from, to] = [target[axis], end(target, axis)];
  const [low, high] = [view[axis] + MARGIN, end(view, axis) - MARGIN - depth];
  const [left, right] = [view[cross] + MARGIN, end(view, cross) - MARGIN - length];
  const main = isAfter ? to + GAP : from - GAP - depth;
  if ((isAfter ? high < main : main < low) || right < left) return null;
  const centre = (Math.max(target[cross], view[cross]) + Math.min(end(target, cross), end(view, cross))) / 2;
  const start = clamp(centre - length / 2, left, right);
  const corner = { [axis]: clamp(main, low, high), [cross]: start } as Record<Axis, number>;
  return { ...corner, side, arrow: clamp(centre - start, ARROW_INSET, length - ARROW_INSET) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
