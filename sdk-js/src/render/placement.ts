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

const LENGTH = { x: 'width', y: 'height' } as const;
const SIDES: readonly Side[] = ['bottom', 'top', 'right', 'left'];

/**
 * The best place for a card of `size` beside `target`, or null when no side has room for it without covering the
 * target: the caller then docks the card in a corner. `current` is kept while it fits, so that a card does not hop
 * from side to side as the page scrolls.
 */
export function place(target: Rect, size: Size, view: Rect, rtl = false, current?: Side): Placement | null {
  const sides = rtl ? SIDES.map(mirror) : SIDES;
  const side = [current ?? 'bottom', ...sides].find((candidate) => fits(candidate, target, size, view));
  return side ? settle(side, target, size, view) : null;
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

function mirror(side: Side): Side {
  return side === 'left' ? 'right' : side === 'right' ? 'left' : side;
}

function axisOf(side: Side): Axis {
  return side === 'top' || side === 'bottom' ? 'y' : 'x';
}

/** Whether a side lies after the target on its axis. */
function isAfter(side: Side): boolean {
  return side === 'bottom' || side === 'right';
}

function across(axis: Axis): Axis {
  return axis === 'x' ? 'y' : 'x';
}

function end(rect: Rect, axis: Axis): number {
  return rect[axis] + rect[LENGTH[axis]];
}

function fits(side: Side, target: Rect, size: Size, view: Rect): boolean {
  const axis = axisOf(side);
  const cross = LENGTH[across(axis)];
  const room = isAfter(side) ? end(view, axis) - end(target, axis) : target[axis] - view[axis];
  return room >= size[LENGTH[axis]] + GAP + MARGIN && view[cross] >= size[cross] + 2 * MARGIN;
}

/** Beside the target on one axis; on the other centred on what can be seen of it, and shifted into the screen. */
function settle(side: Side, target: Rect, size: Size, view: Rect): Placement {
  const axis = axisOf(side);
  const cross = across(axis);
  const length = size[LENGTH[cross]];
  const main = isAfter(side) ? end(target, axis) + GAP : target[axis] - size[LENGTH[axis]] - GAP;
  const centre = (Math.max(target[cross], view[cross]) + Math.min(end(target, cross), end(view, cross))) / 2;
  const start = within(centre - length / 2, length, view, cross);
  const along = { [axis]: within(main, size[LENGTH[axis]], view, axis), [cross]: start } as Record<Axis, number>;
  return { ...along, side, arrow: clamp(centre - start, ARROW_INSET, length - ARROW_INSET) };
}

/** The start of a card that stays on the screen, margin kept. */
function within(start: number, length: number, view: Rect, axis: Axis): number {
  return clamp(start, view[axis] + MARGIN, end(view, axis) - length - MARGIN);
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
