import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createIdentity } from '../src/identity';
import { uuid7 } from '../src/ids';
import { createQueue } from '../src/queue';
import { createScope } from '../src/scope';
import { createSender } from '../src/sender';
import { createStore } from '../src/store';
import { type Sent, fakeHttp, pass, tokenOf } from './fakes';

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => void vi.useRealTimers());

type Reply = Parameters<typeof fakeHttp>[0];

function setUp(reply?: Reply, userToken: string | (() => Promise<string>) = tokenOf('u1')) {
  const { http, sent, beacons } = fakeHttp(reply);
  const store = createStore('t:');
  const identity = createIdentity(store, http);
  identity.become({ userToken });
  const queue = createQueue(store);
  const scope = createScope();
  const sender = createSender(scope, queue, http, identity, () => false);
  const add = (count: number, event_type = 'x', user_id = 'u1'): void => {
    for (let index = 0; index < count; index++) {
      queue.add({ event_id: uuid7(), user_id, session_id: 's', event_type, timestamp: 't', properties: {} });
    }
  };
  const batches = (): number[] => sent.map(({ body }) => (body['events'] as unknown[]).length);
  return { queue, sender, sent, beacons, scope, identity, add, batches, http };
}

const typesOf = ({ body }: Sent): string[] => (body['events'] as { event_type: string }[]).map((event) => event.event_type);

it('sends all that waits and keeps nothing that was accepted', async () => {
  const { sender, add, batches, queue } = setUp();
  add(250);
  sender.flush();
  await pass();
  expect([batches(), queue.count(), sender.sent()]).toEqual([[100, 100, 50], 0, 250]);
});

it('has one batch under way at a time', async () => {
  const { sender, add, batches } = setUp();
  add(3);
  sender.flush();
  sender.flush();
  await pass();
  expect(batches()).toEqual([3]);
});

it.each([
  ['the network fails', () => new Error('offline')],
  ['the server fails', () => ({ status: 500 })],
  ['it is throttled', () => ({ status: 429 })],
] as [string, Reply][])('backs off when %s, and goes on when the wait is over', async (_, fault) => {
  let reply = fault!;
  const { sender, add, sent, queue } = setUp((request) => reply(request));
  add(1);
  sender.flush();
  await pass();
  sender.flush();
  await pass(1400);
  expect([sent.length, queue.count()]).toEqual([1, 1]);
  await pass(200);
  expect(sent.length).toBe(2);
  await pass(2300);
  expect(sent.length).toBe(2);
  reply = () => ({ status: 202 });
  await pass(200);
  expect([sent.length, queue.count()]).toEqual([3, 0]);
});

it('waits as long as the server asks', async () => {
  const { sender, add, sent } = setUp(() => ({ status: 503, retryAfter: '120' }));
  add(1);
  sender.flush();
  await pass(119_000);
  expect(sent.length).toBe(1);
  await pass(3000);
  expect(sent.length).toBe(2);
});

it('drops what is named, and sends the rest at once', async () => {
  const { sender, add, sent, queue } = setUp(({ body }) => {
    const bad = (body['events'] as { event_type: string }[]).flatMap(({ event_type }, index) => (event_type === 'bad' ? [{ index }] : []));
    return bad.length ? { status: 422, body: { errors: bad } } : { status: 202 };
  });
  add(1);
  add(2, 'bad');
  add(1, 'y');
  sender.flush();
  await pass();
  expect(sent.map(typesOf)).toEqual([['x', 'bad', 'bad', 'y'], ['x', 'y']]);
  expect([queue.count(), queue.dropped.rejected]).toEqual([0, 2]);
});

it('halves a batch that is too large until it fits, and drops a single one that never will', async () => {
  const { sender, add, batches, queue } = setUp(({ body }) => {
    const types = (body['events'] as { event_type: string }[]).map((event) => event.event_type);
    return { status: types.length > 2 || types.includes('huge') ? 413 : 202 };
  });
  add(5);
  add(1, 'huge');
  sender.flush();
  await pass();
  expect([queue.count(), queue.dropped.tooLarge, sender.sent()]).toEqual([0, 1, 5]);
  expect(batches()[0]).toBe(6);
});

it('asks for a fresh token once when it is refused, then waits for minutes', async () => {
  const asked = vi.fn(() => Promise.resolve(tokenOf('u1')));
  const { sender, add, sent, queue } = setUp(() => ({ status: 401 }), asked);
  add(1);
  sender.flush();
  await pass(290_000);
  expect([asked.mock.calls.length, sent.length, queue.count()]).toEqual([2, 2, 1]);
  await pass(20_000);
  expect(sent.length).toBe(3);
});

it('starts anew when the network or the user changed', async () => {
  let status = 401;
  const { sender, add, sent, queue } = setUp(() => ({ status }));
  add(1);
  sender.flush();
  await pass();
  status = 202;
  sender.retry();
  sender.flush();
  await pass();
  expect([sent.length, queue.count()]).toEqual([3, 0]);
});

it('a token goes with its own user alone', async () => {
  const { sender, add, sent } = setUp();
  add(1, 'theirs', 'u0');
  add(1, 'mine');
  sender.flush();
  await pass();
  expect(sent.map((request) => [typesOf(request)[0], 'X-User-Token' in request.headers!])).toEqual([['theirs', false], ['mine', true]]);
});

it('the last request leaves out what is under way, and becomes a beacon where it cannot be made', async () => {
  let finish = (): void => {};
  const { sender, add, sent, beacons, http } = setUp();
  const post = http.post;
  http.post = async (...args) => (await new Promise<void>((done) => (finish = done)), post(...args));
  add(2, 'first');
  sender.flush();
  await pass();
  add(1, 'last');
  http.post = () => Promise.reject(new TypeError('quota'));
  sender.flushLast();
  await pass();
  expect(beacons.map(typesOf)).toEqual([['last']]);
  expect(beacons[0]!.body['user_token']).toBeTruthy();
  finish();
  await pass();
  expect(sent.map(typesOf)).toEqual([['first', 'first']]);
});

it('stops with its scope', async () => {
  const { sender, add, sent, scope } = setUp(() => ({ status: 500 }));
  add(1);
  sender.flush();
  await pass();
  scope.end();
  await pass(600_000);
  expect(sent.length).toBe(1);
});
