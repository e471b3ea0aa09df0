import { beforeEach, expect, it, vi } from 'vitest';
import { claimsOf, createIdentity } from '../src/identity';
import { createStore } from '../src/store';
import { fakeHttp, tokenOf } from './fakes';

beforeEach(() => localStorage.clear());

function setUp(reply: Parameters<typeof fakeHttp>[0]) {
  const { http, sent } = fakeHttp(reply);
  const make = () => createIdentity(createStore('t:'), http);
  return { make, sent, paths: () => sent.map(({ path }) => path.split('/').pop()) };
}
let visitors = 0;
const server = (): Parameters<typeof fakeHttp>[0] => ({ path }) =>
  path.endsWith('anonymous-tokens') ? { status: 201, body: { token: tokenOf(`anon-${++visitors}`) } } : { status: 200 };
const settled = () => new Promise((done) => setTimeout(done, 5));

it('an anonymous visitor gets one token, and keeps it over page loads', async () => {
  const { make, paths } = setUp(server());
  const first = await make().refresh();
  const again = await make().refresh();
  expect([first.anonymous, first.userId === again.userId, paths()]).toEqual([true, true, ['anonymous-tokens']]);
});

it('a token that cannot be renewed gives way to a new one; a fault does not', async () => {
  let status = 503;
  const { make, sent } = setUp((request) => (request.body['token'] && status ? { status } : server()!(request)));
  const old = tokenOf('anon-old', Date.now() - 1000);
  localStorage.setItem('t:anon', JSON.stringify(old));
  const identity = make();
  await expect(identity.refresh()).rejects.toThrow();
  status = 401;
  await expect(identity.refresh()).rejects.toThrow();
  expect((await identity.refresh()).userId).not.toBe('anon-old');
  expect(sent.map(({ body }) => body['token'])).toEqual([old, old, undefined]);
});

it('a refused anonymous token is replaced', async () => {
  const { make } = setUp(server());
  const identity = make();
  const first = await identity.refresh();
  expect((await identity.refresh(true)).userId).not.toBe(first.userId);
});

it('a token function is asked when needed, once for all who wait, and again when the token ends', async () => {
  const tokens = [tokenOf('u1', Date.now() + 1000), tokenOf('u1')];
  const userToken = vi.fn(() => Promise.resolve(tokens.shift()!));
  const identity = setUp(server()).make();
  identity.become({ userToken });
  await Promise.all([identity.refresh(), identity.refresh()]);
  expect(userToken).toHaveBeenCalledTimes(1);
  await identity.refresh();
  await identity.refresh();
  expect(userToken).toHaveBeenCalledTimes(2);
});

it.each([
  ['rejects', () => Promise.reject(new Error('no'))],
  ['throws', () => { throw new Error('no'); }],
  ['gives nothing', () => Promise.resolve(undefined as unknown as string)],
  ['gives no token', () => 'garbage'],
])('a token function that %s leaves the person unknown', async (_, userToken) => {
  const identity = setUp(server()).make();
  identity.become({ userToken });
  await expect(identity.refresh()).rejects.toThrow();
  expect(identity.person().userId).toBe('');
});

it('a token that comes after the user changed is not taken', async () => {
  let give = (_: string): void => {};
  const identity = setUp(server()).make();
  identity.become({ userToken: () => new Promise<string>((done) => (give = done)) });
  const late = identity.refresh();
  identity.become({ userToken: tokenOf('u2') });
  give(tokenOf('u1'));
  await expect(late).rejects.toThrow();
  expect((await identity.refresh()).userId).toBe('u2');
});

it('the anonymous past is merged, and tried again until the server has an answer', async () => {
  const answers = [503, 401, 200];
  const { make, paths, sent } = setUp((request) =>
    request.path.endsWith('identify') ? { status: answers.shift()! } : server()!(request));
  const identity = make();
  const { token } = await identity.refresh();
  identity.become({ userToken: tokenOf('u1') });
  for (let round = 0; round < 5; round++) {
    await identity.refresh();
    await settled();
  }
  expect(paths()).toEqual(['anonymous-tokens', 'identify', 'identify', 'identify']);
  expect(sent.at(-1)!.body).toEqual({ user_token: identity.person().token, anonymous_token: token });
});

it('a user whom the host names without a token needs none', async () => {
  const { make, paths } = setUp(server());
  const identity = make();
  identity.become({ userId: 'u9' });
  expect(await identity.refresh()).toEqual({ userId: 'u9', token: undefined, anonymous: false });
  expect(paths()).toEqual([]);
});

it.each([
  [tokenOf('Zoë ✓'), 'Zoë ✓'],
  ['', undefined],
  ['a.b.c', undefined],
  ['a', undefined],
])('%j says it is for %j', (token, sub) => {
  expect(claimsOf(token).sub).toBe(sub);
});
