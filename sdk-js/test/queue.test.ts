import { describe, expect, it } from 'vitest';
import { timeOf, uuid7 } from '../src/ids';
import { type Limits, createQueue } from '../src/queue';
import { createStore } from '../src/store';
import type { WireEvent } from '../src/wire';

const event = (user_id = 'u1', more: Partial<WireEvent> = {}): WireEvent => ({
  event_id: uuid7(),
  user_id,
  session_id: 's1',
  event_type: 'click',
  timestamp: '2026-11-21T10:00:00Z',
  properties: {},
  ...more,
});
const ALL = { events: 100, bytes: 1e6, own: false, userId: 'u1', except: new Set<string>() };
const fresh = (limits?: Limits) => {
  localStorage.clear();
  return createQueue(createStore('t:'), limits);
};

describe('the queue', () => {
  it('gives what it was given, in order, until it is removed', () => {
    const queue = fresh();
    const events = [event(), event(), event()];
    events.forEach(queue.add);
    expect(queue.take(ALL)).toEqual(events);
    expect(queue.take(ALL)).toEqual(events);
    queue.remove(events.slice(0, 2));
    expect(queue.take(ALL)).toEqual([events[2]]);
  });

  it('is the same in every tab, and after a reload', () => {
    const queue = fresh();
    queue.add(event());
    expect(createQueue(createStore('t:')).count()).toBe(1);
    expect(createQueue(createStore('other:')).count()).toBe(0);
  });

  it.each([
    ['by number', { events: 2 }, 2],
    ['by bytes', { bytes: 400 }, 2],
    ['but at least one', { bytes: 1 }, 1],
    ['but at least one, even of none', { events: 0 }, 1],
  ])('gives a bounded batch %s', (_, wish, count) => {
    const queue = fresh();
    for (let index = 0; index < 5; index++) queue.add(event());
    expect(queue.take({ ...ALL, ...wish })).toHaveLength(count);
  });

  it('gives events of one user at a time, and names a user who was not known yet', () => {
    const queue = fresh();
    ['', 'u1', 'u2', ''].forEach((user) => queue.add(event(user)));
    const batch = queue.take(ALL);
    expect(batch.map(({ user_id }) => user_id)).toEqual(['u1', 'u1', 'u1']);
    queue.remove(batch);
    expect(queue.take(ALL).map(({ user_id }) => user_id)).toEqual(['u2']);
  });

  it('leaves out what is under way', () => {
    const queue = fresh();
    const [first, second] = [event(), event()];
    queue.add(first);
    queue.add(second);
    expect(queue.take({ ...ALL, except: new Set([first.event_id]) })).toEqual([second]);
  });

  it.each([
    ['number', { events: 3, bytes: 1e6, age: 1e9 }],
    ['bytes', { events: 100, bytes: 600, age: 1e9 }],
  ])('is bounded by %s: the oldest go, and are counted', (_, limits) => {
    const queue = fresh(limits);
    const events = [event(), event(), event(), event(), event()];
    events.forEach(queue.add);
    queue.trim(Date.now());
    expect(queue.take(ALL)).toEqual(events.slice(2));
    expect(queue.dropped.overflow).toBe(2);
  });

  it('is bounded by age', () => {
    const queue = fresh({ events: 100, bytes: 1e6, age: 1000 });
    queue.add(event());
    queue.trim(Date.now() + 900);
    expect(queue.dropped.expired).toBe(0);
    queue.trim(Date.now() + 5000);
    expect([queue.count(), queue.dropped.expired]).toEqual([0, 1]);
  });

  it('never takes an event that no request could carry', () => {
    const queue = fresh();
    queue.add(event('u1', { properties: { text: 'é'.repeat(20_000) } }));
    expect([queue.count(), queue.dropped.tooLarge]).toEqual([0, 1]);
  });

  it('survives what others wrote into its storage', () => {
    const queue = fresh();
    localStorage.setItem('t:e:0', '{broken');
    localStorage.setItem('t:e:1', 'null');
    const good = event();
    queue.add(good);
    expect(queue.take(ALL)).toEqual([good]);
    queue.trim(Date.now());
    expect(queue.count()).toBe(1);
  });

  it('can forget those whose user was never known', () => {
    const queue = fresh();
    ['', 'u1'].forEach((user) => queue.add(event(user)));
    queue.clear('');
    expect(queue.take(ALL)).toHaveLength(1);
    queue.clear();
    expect(queue.count()).toBe(0);
  });
});

describe('storage that fails', () => {
  const broken = (fails: Partial<Storage>) =>
    createStore('t:', () => Object.assign(Object.create(Storage.prototype) as Storage, { getItem: () => null, removeItem() {}, ...fails }));
  it.each([
    ['absent', () => createStore('t:', () => undefined as unknown as Storage)],
    ['forbidden', () => createStore('t:', () => { throw new Error('no'); })],
    ['full', () => broken({ setItem: () => { throw new Error('full'); } })],
  ])('%s: memory takes its place', (_, make) => {
    const store = make();
    store.save('k', { a: 1 });
    expect([store.read('k'), store.names('k'), store.names('k', true)]).toEqual([{ a: 1 }, ['k'], ['k']]);
    store.forget('k');
    expect(store.read('k')).toBeUndefined();
  });

  it('full later: what does not fit is kept in memory, and only this tab sees it', () => {
    localStorage.clear();
    let full = false;
    const store = createStore('t:', () => new Proxy(localStorage, {
      get: (target, name) => name === 'setItem' && full ? () => { throw new Error('full'); } : Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name),
    }));
    store.save('a', 1);
    full = true;
    store.save('b', 2);
    expect([store.names(''), store.names('', true), store.read('b')]).toEqual([['a', 'b'], ['b'], 2]);
  });
});

describe('identifiers', () => {
  it('are UUIDv7 that sort by time and tell it', () => {
    const now = Date.now() + 1000;
    const ids = Array.from({ length: 5000 }, () => uuid7(now));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(5000);
    expect(ids[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(timeOf(ids[0]!)).toBe(now);
    expect(uuid7(now - 60_000) > ids.at(-1)!).toBe(true);
  });
});
