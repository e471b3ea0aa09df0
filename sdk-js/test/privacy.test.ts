import { expect, it } from 'vitest';
import { cleanUrl, isIgnored, labelOf, maskText } from '../src/capture/privacy';

it.each([
  ['Save', 'Save'],
  ['  two \n words ', 'two words'],
  ['Mail jo@team.example now', 'Mail *** now'],
  ['Card 4111 1111 1111 1111.', 'Card ***.'],
  ['+41 (0)79 123-45-67', '***'],
  ['Step 2 of 10', 'Step 2 of 10'],
  ['Pay 99.00', 'Pay 99.00'],
  ['x'.repeat(200), 'x'.repeat(80)],
  ['a'.repeat(100_000) + '@', 'a'.repeat(80)],
])('%j is told as %j', (text, told) => {
  expect(maskText(text)).toBe(told);
});

it.each([
  ['https://a.example/step?token=secret', 'https://a.example/step'],
  ['https://jo:pw@a.example/', 'https://a.example/'],
  ['https://a.example/#access_token=secret', 'https://a.example/'],
  ['https://a.example/#/route?x=secret', 'https://a.example/#/route'],
  ['https://a.example/?tab=2&q=secret', 'https://a.example/?tab=2'],
  ['https://a.example/u/jo%40team.example/edit', 'https://a.example/u/***/edit'],
  ['https://a.example/orders/20394857', 'https://a.example/orders/***'],
  ['https://a.example/%E0%A4%A', 'https://a.example/%E0%A4%A'],
  ['https://a.example/münchen', 'https://a.example/m%C3%BCnchen'],
  ['file:///home/x.html', 'file:///home/x.html'],
])('%s is told as %s', (url, told) => {
  expect(cleanUrl(url, ['tab'])).toBe(told);
});

const element = <E extends Element>(html: string): E => {
  document.body.innerHTML = html;
  return document.querySelector<E>('[x]')!;
};

it.each([
  ['<button x>Save <b>all</b></button>', 'Save all'],
  ['<button x aria-label="Close">×</button>', 'Close'],
  ['<div role="button" x>Go</div>', 'Go'],
  ['<button x></button>', undefined],
  ['<div x>Balance 12</div>', undefined],
  ['<option x>Private choice</option>', undefined],
  ['<input type="submit" value="Send" x>', undefined],
  ['<button data-oa-mask x>Jo Smith</button>', '***'],
  ['<div data-oa-mask><a x>Jo Smith</a></div>', '***'],
  ['<a x>Jo <b data-oa-mask>Smith</b></a>', '***'],
])('the label of %s is %j', (html, label) => {
  expect(labelOf(element(html))).toBe(label);
});

it('an ignored part reaches into shadow roots', () => {
  const host = element('<div data-oa-ignore><p x></p></div>');
  const inner = document.createElement('b');
  host.attachShadow({ mode: 'open' }).append(inner);
  expect(isIgnored(inner)).toBe(true);
  expect(isIgnored(document.body)).toBe(false);
});
