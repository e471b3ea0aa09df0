import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createScope } from '../src/scope';
import { createStore } from '../src/store';
import { createRole } from '../src/tabs';
import { fakeLocks, pass } from './fakes';

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function tab() {
  const scope = createScope();
  const told: boolean[] = [];
  const role = createRole('lead', 'site:', scope, createStore('t:'), (held) => told.push(held));
  return { scope, role, told };
}

const KINDS: [string, () => object | undefined][] = [
  ['locks', fakeLocks],
  ['a lease', () => undefined],
  ['a lease, since locks are refused', () => ({ request: () => Promise.reject(new DOMException('no', 'SecurityError')) })],
];

describe.each(KINDS)('a role by %s', (_, locks) => {
  beforeEach(() => vi.stubGlobal('navigator', { locks: locks() }));

  it('has one holder, and the next when it lets go', async () => {
    const [first, second, third] = [tab(), tab(), tab()];
    for (const { role } of [first, second, third]) {
      role.want();
      role.want();
      await pass(100);
    }
    expect([first, second, third].map(({ role }) => role.held())).toEqual([true, false, false]);
    first.role.release();
    await pass(5000);
    expect([first, second, third].filter(({ role }) => role.held())).toHaveLength(1);
    expect([first.role.held(), first.told]).toEqual([false, [true, false]]);
  });

  it('two that ask at once do not both get it', async () => {
    const tabs = [tab(), tab()];
    tabs.forEach(({ role }) => role.want());
    await pass(10_000);
    expect(tabs.map(({ told }) => told.length).sort()).toEqual([0, 1]);
  });

  it('is not had by who no longer wants it, and can be had again', async () => {
    const [first, second] = [tab(), tab()];
    first.role.want();
    await pass(100);
    second.role.want();
    second.role.release();
    first.role.release();
    await pass(5000);
    expect([first.role.held(), second.role.held()]).toEqual([false, false]);
    first.role.want();
    await pass(5000);
    expect(first.role.held()).toBe(true);
  });

  it('ends with its tab', async () => {
    const [first, second] = [tab(), tab()];
    first.role.want();
    await pass(100);
    second.role.want();
    first.scope.end();
    await pass(5000);
    expect([first.role.held(), second.role.held()]).toEqual([false, true]);
  });
});

it('a lease of a tab that crashed runs out', async () => {
  vi.stubGlobal('navigator', {});
  localStorage.setItem('t:l:lead', JSON.stringify(['crashed', Date.now() + 3000]));
  const { role } = tab();
  role.want();
  await pass(2900);
  expect(role.held()).toBe(false);
  await pass(3000);
  expect(role.held()).toBe(true);
});

it('a lease that another took is not held any more, even before the next look', async () => {
  vi.stubGlobal('navigator', {});
  const { role } = tab();
  role.want();
  await pass(100);
  localStorage.setItem('t:l:lead', JSON.stringify(['other', Date.now() + 3000]));
  expect(role.held()).toBe(false);
});
