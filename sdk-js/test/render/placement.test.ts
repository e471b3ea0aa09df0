import { describe, expect, it } from 'vitest';
import { GAP, MARGIN, ROOMY_MARGIN, type Rect, type Side, dock, overlaps, place } from '../../src/render/placement';

const VIEW: Rect = { x: 0, y: 0, width: 1000, height: 700 };
const CARD = { width: 300, height: 150 };

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
    expect(place(at(460, 300), CARD, VIEW)).toEqual({ side: 'bottom', x: 350, y: 340 + GAP, arrow: 150 });
  });

  it('points from each side', () => {
    expect(place(at(460, 640), CARD, VIEW)).toEqual({ side: 'top', x: 350, y: 640 - GAP - 150, arrow: 150 });
    expect(place(at(0, 0, 100, 700), CARD, VIEW)).toEqual({ side: 'right', x: 100 + GAP, y: 275, arrow: 75 });
    expect(place(at(900, 0, 100, 700), CARD, VIEW)).toEqual({ side: 'left', x: 900 - GAP - 300, y: 275, arrow: 75 });
  });

  it('shifts into the screen and keeps the arrow on the target, clear of the corners', () => {
    expect(place(at(20, 300), CARD, VIEW)).toMatchObject({ x: MARGIN, arrow: 48 });
    expect(place(at(0, 300, 10), CARD, VIEW)).toMatchObject({ x: MARGIN, arrow: 22 });
    expect(place(at(990, 300, 10), CARD, VIEW)).toMatchObject({ x: 1000 - 300 - MARGIN, arrow: 278 });
  });

  it('centres on the part of a wide target that can be seen', () => {
    expect(place(at(800, 300, 2000), CARD, VIEW)?.x).toBe(1000 - 300 - MARGIN);
    expect(place(at(-1500, 300, 2000), CARD, VIEW)?.x).toBe(100);
  });

  it('counts from where the screen begins when zoomed in', () => {
    const zoomed = { x: 200, y: 100, width: 500, height: 350 };
    expect(place(at(400, 200), CARD, zoomed)).toEqual({ side: 'bottom', x: 290, y: 240 + GAP, arrow: 150 });
  });

  it('keeps the side it has while there is room, and leaves it when there is none', () => {
    expect(place(at(460, 300), CARD, VIEW, false, 'top')?.side).toBe('top');
    expect(place(at(460, 20), CARD, VIEW, false, 'top')?.side).toBe('bottom');
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
          expect(overlaps(card, at(x, y))).toBe(false);
          expect([card.x, card.y, 1000 - card.x - 300, 700 - card.y - 150].every((edge) => edge >= MARGIN)).toBe(true);
          expect(placed.arrow).toBeGreaterThanOrEqual(22);
        }
      }
    }
  });
});

describe('dock', () => {
  it.each<[string, boolean, Rect, Rect | null, { x: number; y: number }]>([
    ['lower right', false, VIEW, null, { x: 700 - ROOMY_MARGIN, y: 550 - ROOMY_MARGIN }],
    ['lower left, right to left', true, VIEW, null, { x: ROOMY_MARGIN, y: 550 - ROOMY_MARGIN }],
    ['closer on a phone', false, { ...VIEW, width: 360 }, null, { x: 60 - MARGIN, y: 550 - MARGIN }],
    ['up, off what it would cover', false, VIEW, at(800, 600), { x: 700 - ROOMY_MARGIN, y: ROOMY_MARGIN }],
    ['down, when both would cover it', false, VIEW, at(800, 0, 100, 700), { x: 700 - ROOMY_MARGIN, y: 550 - ROOMY_MARGIN }],
    ['at the upper edge of a screen that is too low', false, { ...VIEW, height: 100 }, null, { x: 700 - ROOMY_MARGIN, y: ROOMY_MARGIN }],
  ])('stands %s', (_, rtl, view, avoid, corner) => {
    expect(dock(CARD, view, rtl, avoid)).toEqual(corner);
  });
});
