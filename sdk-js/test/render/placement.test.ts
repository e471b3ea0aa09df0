import { describe, expect, it } from 'vitest';
import { GAP, MARGIN, type Rect, type Side, dock, place } from '../../src/render/placement';

const VIEW: Rect = { x: 0, y: 0, width: 1000, height: 700 };
const CARD = { width: 300, height: 150 };

const isApart = (a: Rect, b: Rect): boolean =>
  a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height;

const at = (x: number, y: number, width = 80, height = 40): Rect => ({ x, y, width, height });

describe('place', () => {
  it.each<[string, Rect, Side]>([
    ['in the middle', at(460, 300), 'bottom'],
    ['near the lower edge', at(460, 640), 'top'],
    ['tall, at the left', at(0, 0, 100, 700), 'right'],
    ['tall, at the right', at(900, 0, 100, 700), 'left'],
    ['tall, in the middle', at(450, 0, 100, 700), 'right'],
  ])('chooses the side with room for a target %s', (_, target, side) => {
    expect(place(target, CARD, VIEW)?.side).toBe(side);
  });

  it('reads sides from the right where the language does', () => {
    expect(place(at(450, 0, 100, 700), CARD, VIEW, true)?.side).toBe('left');
  });

  it('centres below the target, a gap away', () => {
    expect(place(at(460, 300), CARD, VIEW)).toEqual({ side: 'bottom', x: 350, y: 340 + GAP, arrow: { x: 150, y: 0 } });
  });

  it('points from each side', () => {
    expect(place(at(460, 640), CARD, VIEW)).toEqual({ side: 'top', x: 350, y: 640 - GAP - 150, arrow: { x: 150, y: 150 } });
    expect(place(at(0, 0, 100, 700), CARD, VIEW)).toEqual({ side: 'right', x: 100 + GAP, y: 275, arrow: { x: 0, y: 75 } });
    expect(place(at(900, 0, 100, 700), CARD, VIEW)).toEqual({ side: 'left', x: 900 - GAP - 300, y: 275, arrow: { x: 300, y: 75 } });
  });

  it('shifts into the screen and keeps the arrow on the target, clear of the corners', () => {
    expect(place(at(20, 300), CARD, VIEW)).toMatchObject({ x: MARGIN, arrow: { x: 48 } });
    expect(place(at(0, 300, 10), CARD, VIEW)).toMatchObject({ x: MARGIN, arrow: { x: 22 } });
    expect(place(at(990, 300, 10), CARD, VIEW)).toMatchObject({ x: 1000 - 300 - MARGIN, arrow: { x: 278 } });
  });

  it('centres on the part of a wide target that can be seen', () => {
    expect(place(at(800, 300, 2000), CARD, VIEW)?.x).toBe(1000 - 300 - MARGIN);
    expect(place(at(-1500, 300, 2000), CARD, VIEW)?.x).toBe(100);
  });

  it('counts from where the screen begins when zoomed in', () => {
    const zoomed = { x: 200, y: 100, width: 500, height: 350 };
    expect(place(at(400, 200), CARD, zoomed)).toEqual({ side: 'bottom', x: 290, y: 240 + GAP, arrow: { x: 150, y: 0 } });
  });

  it('keeps the side it has while there is room, and leaves it when there is none', () => {
    expect(place(at(460, 300), CARD, VIEW, false, 'top')?.side).toBe('top');
    expect(place(at(460, 20), CARD, VIEW, false, 'top')?.side).toBe('bottom');
  });

  it.each<[string, Rect[], Side | undefined, Side]>([
    ['an error below', [at(460, 345, 200, 16)], undefined, 'top'],
    ['an error below, where it stands', [at(460, 345, 200, 16)], 'bottom', 'top'],
    ['fields below and above', [at(350, 360, 300), at(350, 240, 300)], undefined, 'right'],
    ['something everywhere, least at the left', [at(350, 360, 300), at(350, 240, 300), at(600, 300, 90), at(300, 300, 20)], undefined, 'left'],
    ['nothing, as before', [at(0, 0)], 'left', 'left'],
    ['as much below as above, as before', [at(460, 360), at(460, 240)], 'top', 'top'],
  ])('covers least of %s', (_, avoid, current, side) => {
    const narrow = _.startsWith('as much') ? { ...VIEW, x: 350, width: 330 } : VIEW;
    expect(place(at(460, 300), CARD, narrow, false, current, avoid)?.side).toBe(side);
  });

  it.each<[string, Rect, Rect]>([
    ['a target that fills the screen', at(0, 0, 1000, 700), VIEW],
    ['a screen narrower than the card', at(10, 300), { ...VIEW, width: 310 }],
    ['a screen lower than the card', at(10, 10, 500, 140), { ...VIEW, width: 560, height: 160 }],
  ])('finds no place beside %s', (_, target, view) => {
    expect(place(target, CARD, view)).toBeNull();
  });

  it('fits exactly, and not one pixel less', () => {
    const height = 40 + GAP + 150 + MARGIN;
    const wide = at(0, 0, 1000, 40);
    expect(place(wide, CARD, { ...VIEW, height })?.side).toBe('bottom');
    expect(place(wide, CARD, { ...VIEW, height: height - 1 })).toBeNull();
  });

  it('never covers the target nor leaves the screen, wherever the target is', () => {
    for (let x = -60; x <= 1000; x += 53) {
      for (let y = -30; y <= 700; y += 37) {
        for (const rtl of [false, true]) {
          const placed = place(at(x, y), CARD, VIEW, rtl);
          if (!placed) continue;
          const card = { ...placed, ...CARD };
          expect(isApart(card, at(x, y))).toBe(true);
          expect([card.x, card.y, 1000 - card.x - 300, 700 - card.y - 150].every((edge) => edge >= MARGIN)).toBe(true);
          expect(Math.max(placed.arrow.x, placed.arrow.y)).toBeGreaterThanOrEqual(22);
        }
      }
    }
  });
});

describe('dock', () => {
  it.each<[string, boolean, Rect, Rect[], { x: number; y: number }]>([
    ['lower right', false, VIEW, [], { x: 700 - MARGIN, y: 550 - MARGIN }],
    ['lower left, right to left', true, VIEW, [], { x: MARGIN, y: 550 - MARGIN }],
    ['at the lower edge of a phone', false, { ...VIEW, width: 360 }, [], { x: 60 - MARGIN, y: 550 - MARGIN }],
    ['up, off what it would cover', false, VIEW, [at(800, 600)], { x: 700 - MARGIN, y: MARGIN }],
    ['down, when both would cover it', false, VIEW, [at(800, 0, 100, 700)], { x: 700 - MARGIN, y: 550 - MARGIN }],
    ['where it covers less', false, VIEW, [at(700, 20, 80, 20), at(700, 560), at(800, 560)], { x: 700 - MARGIN, y: MARGIN }],
    ['at the upper edge of a screen that is too low', false, { ...VIEW, height: 100 }, [], { x: 700 - MARGIN, y: MARGIN }],
  ])('stands %s', (_, rtl, view, avoid, corner) => {
    expect(dock(CARD, view, rtl, avoid)).toEqual(corner);
  });
});
