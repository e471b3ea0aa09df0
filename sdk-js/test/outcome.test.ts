import { describe, expect, it } from 'vitest';
import { backoff, retryAfter } from '../src/backoff';
import { judge } from '../src/outcome';
import { reconnectDelay } from '../src/socket';

describe('an answer of the events endpoint', () => {
  const problem = (...indexes: unknown[]) => ({ errors: indexes.map((index) => ({ index, code: 'x', detail: 'y' })) });
  it.each([
    [202, undefined, 'sent'],
    [200, {}, 'sent'],
    [401, {}, 'refused'],
    [403, problem(0), 'refused'],
    [413, {}, 'split'],
    [422, problem(0, 2), [0, 2]],
    [422, problem(2, 2, 2), [2]],
    [422, problem(-1, 3, 99, 1.5, '1', null), 'split'],
    [422, problem(1, 99), [1]],
    [422, { errors: 'no' }, 'split'],
    [422, { errors: [null, 7, {}] }, 'split'],
    [422, null, 'split'],
    [422, undefined, 'split'],
    [400, 'text', 'split'],
    [404, {}, 'later'],
    [429, {}, 'later'],
    [500, {}, 'later'],
    [503, {}, 'later'],
    [0, undefined, 'later'],
  ])('%d %j: %j', (status, body, outcome) => {
    expect(judge(status, body, 3)).toEqual(outcome);
  });
});

describe('when to try again', () => {
  it.each([
    ['120', 120_000],
    [' 3 ', 3000],
    ['0', 0],
    ['999999999', 3_600_000],
    ['Thu, 01 Jan 1970 00:01:40 GMT', undefined],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
    ['-5', undefined],
  ])('Retry-After %j: %j ms', (header, ms) => {
    expect(retryAfter(header)).toBe(ms);
  });

  it.each([
    [0, 1, 1000],
    [3, 1, 8000],
    [3, 0.5, 4000],
    [3, 0, 0],
    [50, 1, 60_000],
  ])('attempt %d, random %d: %d ms', (attempt, random, ms) => {
    expect(backoff(attempt, random)).toBe(ms);
  });

  it.each([
    [4403, 0, undefined],
    [4429, 0, 60_000],
    [1012, 20, 100],
    [1006, 0, 250],
    [4401, 0, 250],
    [4408, 0, 250],
  ])('after a close with %d (attempt %d) at the earliest in %d ms', (code, attempt, ms) => {
    expect(reconnectDelay(code, attempt, 0)).toBe(ms);
  });

  it('draining gateways get their clients back soon, however often they drain', () => {
    expect(reconnectDelay(1012, 20, 1)).toBeLessThanOrEqual(2100);
  });
});
