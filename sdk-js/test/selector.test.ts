import { beforeEach, describe, expect, it } from 'vitest';
import { controlOf, isLasting, selectorOf } from '../src/capture/selector';

beforeEach(() => void (document.body.innerHTML = ''));

function put(html: string): Element {
  document.body.innerHTML = html;
  return document.querySelector('[x]')!;
}

describe('a selector', () => {
  it.each([
    ['an id first', '<button id="save" data-testid="t" name="n" x></button>', '#save'],
    ['a test id next', '<button id="k-2038" data-testid="t" x></button>', '[data-testid="t"]'],
    ['an id that is no plain word', '<button id="a.b" x></button>', '[id="a.b"]'],
    ['a generated id is no mark', '<form id="f"><button id=":r1:" name="go" x></button></form>', 'button[name="go"]'],
    ['a counted id is no mark', '<button id="row-12345" name="go" x></button>', 'button[name="go"]'],
    ['a name', '<input name="email" type="email" x>', 'input[name="email"]'],
    ['several marks together', '<a href="/a" role="tab" x></a><a href="/a" x2></a>', 'a[href="/a"][role="tab"]'],
    ['an anchor above', '<form id="a"><button name="go"></button></form><form id="b"><button name="go" x></button></form>', '#b button[name="go"]'],
    ['the only one of its kind', '<form x></form>', 'form'],
    ['a position within an anchor', '<ul id="l"><li></li><li x></li></ul>', '#l >li:nth-of-type(2)'],
    ['a position at last', '<div><p></p><p x></p></div><div><p></p><p></p></div>', 'html>body>div:nth-of-type(1)>p:nth-of-type(2)'],
    ['quotes are escaped', `<button name='a"b\\c' x></button>`, 'button[name="a\\"b\\\\c"]'],
    ['names of people are not told', '<button aria-label="Mail jo@team.example" x></button>', 'button'],
    ['masked parts keep their names', '<div data-oa-mask><button aria-label="Salary" x></button></div>', 'button'],
  ])('%s', (_, html, selector) => {
    const element = put(html);
    expect(selectorOf(element)).toBe(selector);
    expect([...document.querySelectorAll(selector)]).toEqual([element]);
  });

  it('is not given when it would be longer than the server takes', () => {
    expect(selectorOf(put('<section>'.repeat(70) + '<p></p><p x></p>' + '</section>'.repeat(70) + '<p></p>'))).toBeUndefined();
  });

  it('of an element that is not in the page still is text', () => {
    expect(typeof selectorOf(document.createElement('p'))).toBe('string');
  });
});

it.each([
  ['step-1', true],
  ['h2', true],
  ['mui-42', true],
  ['radix-:r3:', false],
  ['item-20394', false],
  ['css-1q2w3e', false],
  ['0193a1b2-7c3d-7000', false],
  ['jo@team.example', false],
  ['x'.repeat(65), false],
])('%s lasts: %s', (value, lasts) => {
  expect(isLasting(value)).toBe(lasts);
});

it('a part of a control stands for it', () => {
  const icon = put('<button id="b"><svg x></svg></button>');
  expect(controlOf(icon).id).toBe('b');
});
