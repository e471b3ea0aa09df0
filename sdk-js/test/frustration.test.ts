import { describe, expect, it } from 'vitest';
import { type Click, belongs, extendRun, isAnswer, isRage } from '../src/capture/frustration';

const TARGET = {};
const OTHER = {};

/** Clicks as [milliseconds, x, y, target]; answers at which of them rage is told. */
function ragesAt(clicks: readonly [number, number?, number?, unknown?][], disturbedAt = -1): number[] {
  let run: readonly Click[] = [];
  return clicks.flatMap(([at, x = 0, y = 0, target = TARGET], index) => {
    run = extendRun(run, { id: `${index}`, at, x, y, target }, disturbedAt <= at ? disturbedAt : -1);
    return isRage(run) ? [index] : [];
  });
}

describe('rage', () => {
  it.each([
    ['three quick clicks', [[0], [1], [2]], [2]],
    ['two quick clicks', [[0], [1]], []],
    ['each within a second of the one before', [[0], [1000], [2000]], [2]],
    ['a pause of more than a second', [[0], [1001], [2001]], []],
    ['a first click long before three fast ones', [[0], [5000], [5100], [5200]], [3]],
    ['three fast ones long before a last', [[0], [100], [200], [5000]], [2]],
    ['told once in a long run', [[0], [100], [200], [300], [400], [500]], [2]],
    ['told again after a pause', [[0], [100], [200], [3000], [3100], [3200]], [2, 5]],
    ['within 30 px, as a sum of both axes', [[0, 0, 0], [100, 15, 15], [200, 30, 30]], [2]],
    ['31 px away', [[0, 0, 0], [100, 16, 15], [200, 16, 15]], []],
    ['drifting, each step small', [[0, 0], [100, 30], [200, 60]], [2]],
    ['another target between', [[0], [100, 0, 0, OTHER], [200]], []],
    ['nothing', [], []],
  ] as [string, [number, number?, number?, unknown?][], number[]][])('%s', (_, clicks, told) => {
    expect(ragesAt(clicks)).toEqual(told);
  });

  it.each([
    ['a selection or scroll between', 150, []],
    ['one before the first', -1, [2]],
    ['one at the very moment of the first', 0, [2]],
  ] as [string, number, number[]][])('%s', (_, disturbedAt, told) => {
    expect(ragesAt([[0], [100], [200]], disturbedAt)).toEqual(told);
  });

  it('carries the clicks that prove it', () => {
    let run: readonly Click[] = [];
    for (const id of ['a', 'b', 'c']) run = extendRun(run, { id, at: 0, x: 0, y: 0, target: TARGET }, -1);
    expect(run.map((click) => click.id)).toEqual(['a', 'b', 'c']);
  });
});

describe('an answer to a click', () => {
  it.each([
    ['mutation', 2500, true],
    ['mutation', 2501, false],
    ['scroll', 100, true],
    ['scroll', 101, false],
    ['selection', 100, true],
    ['selection', 101, false],
    ['navigation', 1000, true],
    ['navigation', 1001, false],
    ['focus', 1000, true],
    ['focus', 1001, false],
  ] as const)('%s after %d ms: %s', (kind, ms, answered) => {
    expect(isAnswer(kind, ms)).toBe(answered);
  });
});

describe('what a click set off', () => {
  it.each([
    ['an error at once', { at: 0, end: 0, open: 0 }, 0, true],
    ['100 ms later', { at: 0, end: 0, open: 0 }, 100, true],
    ['101 ms later', { at: 0, end: 0, open: 0 }, 101, false],
    ['while its request runs', { at: 0, end: 0, open: 1 }, 3000, true],
    ['just after its request ended', { at: 0, end: 3000, open: 0 }, 3100, true],
    ['well after its request ended', { at: 0, end: 3000, open: 0 }, 3101, false],
    ['a request that never ends', { at: 0, end: 0, open: 1 }, 10_001, false],
  ] as const)('%s', (_, action, now, expected) => {
    expect(belongs(action, now)).toBe(expected);
  });
});
