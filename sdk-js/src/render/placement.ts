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

/** The card's upper left corner, and more. */
export interface Placement extends Point {
  /** The side of the target on which the card stands. */
  readonly side: Side;
  /** The arrow's centre, on the card's edge, from the card's upper left corner. */
  readonly arrow: Point;
}

/** Between target and card: the ring, the arrow and a breath. */
export const GAP = 14;
/** Kept free between card and screen edge. */
export const MARGIN = 12;
/** The arrow stays this far from the card's ends, clear of its rounded corners. */
const ARROW_INSET = 22;

/**
 * The best place for a card of `size` beside `target`, or null when no side has room for it without covering the
 * target: the caller then docks the card in a corner. Of the sides with room, the one where the card covers least of
 * `avoid`; among equals `current`, so that a card does not hop from side to side as the page scrolls.
 */
export function place(target: Rect, size: Size, view: Rect, rtl = false, current?: Side, avoid: readonly Rect[] = []): Placement | null {
  const { width, height } = size;
  const across = align(target.x, target.width, view.x, view.width, width);
  const down = align(target.y, target.height, view.y, view.height, height);
  const beside: Placement[] = [
    { side: 'right', x: across.behind, y: down.begin, arrow: { x: 0, y: down.arrow } },
    { side: 'left', x: across.ahead, y: down.begin, arrow: { x: width, y: down.arrow } },
  ];
  const places: Placement[] = [
    { side: 'bottom', x: across.begin, y: down.behind, arrow: { x: across.arrow, y: 0 } },
    { side: 'top', x: across.begin, y: down.ahead, arrow: { x: across.arrow, y: height } },
    ...(rtl ? beside.reverse() : beside),
  ];
  const cost = (at: Placement): number => covered(at, size, avoid) - +(at.side === current) / 2;
  return places.filter(({ x, y }) => across.fits(x) && down.fits(y)).sort((a, b) => cost(a) - cost(b))[0] ?? null;
}

/**
 * The corner for a card without a place at its target: the lower end corner of the reading direction, or the upper one
 * where less of `avoid` is covered.
 */
export function dock({ width, height }: Size, view: Rect, rtl = false, avoid: readonly Rect[] = []): Point {
  const x = view.x + (rtl ? MARGIN : view.width - MARGIN - width);
  const upper = { x, y: view.y + MARGIN };
  const lower = { x, y: Math.max(upper.y, view.y + view.height - MARGIN - height) };
  const cost = (at: Point): number => covered(at, { width, height }, avoid);
  return cost(upper) < cost(lower) ? upper : lower;
}

/** How much of these a card covers, in square pixels; what two of them share counts twice. */
function covered({ x, y }: Point, { width, height }: Size, rects: readonly Rect[]): number {
  const share = (from: number, length: number, start: number, extent: number): number =>
    Math.max(0, Math.min(from + length, start + extent) - Math.max(from, start));
  return rects.reduce((sum, rect) => sum + share(x, width, rect.x, rect.width) * share(y, height, rect.y, rect.height), 0);
}

interface Axis {
  /** Where the card begins when it stands beside the target on the other axis: centred, and shifted into the screen. */
  readonly begin: number;
  /** The arrow, from there. */
  readonly arrow: number;
  /** Where the card begins when it stands on either side of the target. */
  readonly ahead: number;
  readonly behind: number;
  /** Whether a card that begins here is on the screen. */
  fits(point: number): boolean;
}

/** Places on one axis, for a target that begins somewhere and has some length, seen from somewhere on over some extent. */
function align(from: number, length: number, start: number, extent: number, size: number): Axis {
  const low = start + MARGIN;
  const high = start + extent - MARGIN - size;
  const centre = (Math.max(from, start) + Math.min(from + length, start + extent)) / 2;
  const begin = clamp(centre - size / 2, low, high);
  return {
    begin,
    arrow: clamp(centre - begin, ARROW_INSET, size - ARROW_INSET),
    ahead: from - GAP - size,
    behind: from + length + GAP,
    fits: (point) => point >= low && point <= high,
  };
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high));
