import { describe, expect, it } from 'vitest';
import { LATE_MS, LOST_MS, advance, begin } from '../../src/render/anchorphase';
import { parseChecklist } from '../../src/render/checklist';
import { labelsFor } from '../../src/render/labels';
import { isExpired, takeNext } from '../../src/render/queue';
import { safeUrl } from '../../src/render/safeurl';

describe('advance', () => {
  it.each<[string, [boolean, number][], string]>([
    ['is there at once', [[true, 0]], 'anchored'],
    ['may come late', [[false, LATE_MS - 1], [true, LATE_MS - 1]], 'anchored'],
    ['is given up after the patience', [[false, LATE_MS]], 'corner'],
    ['is not given up before', [[false, LATE_MS - 1]], 'waiting'],
    ['may go for a moment', [[true, 5000], [false, 5000 + LOST_MS - 1]], 'anchored'],
    ['is given up when it stays away', [[true, 5000], [false, 5100], [false, 5000 + LOST_MS]], 'corner'],
    ['is found again', [[false, LATE_MS], [true, 90_000]], 'anchored'],
    ['stays given up', [[false, LATE_MS], [false, LATE_MS * 9]], 'corner'],
  ])('a target %s', (_, sightings, phase) => {
    expect(sightings.reduce((state, [found, now]) => advance(state, found, now), begin(0)).phase).toBe(phase);
  });

  it('takes the corner at once without a target to wait for', () => {
    expect(advance(begin(7, 0), false, 7).phase).toBe('corner');
  });
});

describe('parseChecklist', () => {
  it.each<[string, string, string[], boolean[]]>([
    ['Only words', 'Only words', [], []],
    ['- One\n- Two', '', ['One', 'Two'], [false, false]],
    ['First this:\r\n  - One\r\n* [x] Two\r\n• [ ] Three\r\nThen rest.', 'First this:\r\nThen rest.', ['One', 'Two', 'Three'], [false, true, false]],
    ['- [X] Done', '', ['Done'], [true]],
    ['-not a step\n-\n--', '-not a step\n-\n--', [], []],
    ['- <b>bold</b>', '', ['<b>bold</b>'], [false]],
    ['', '', [], []],
  ])('reads %j', (body, intro, texts, done) => {
    const found = parseChecklist(body);
    expect([found.intro, found.items.map((item) => item.text), found.items.map((item) => item.done)]).toEqual([intro, texts, done]);
  });
});

describe('safeUrl', () => {
  const base = 'https://app.example/crm/connect';
  it.each([
    ['https://docs.example/x', 'https://docs.example/x'],
    ['http://docs.example', 'http://docs.example/'],
    ['mailto:help@example.com', 'mailto:help@example.com'],
    ['/help', 'https://app.example/help'],
    ['import', 'https://app.example/crm/import'],
    ['#key', 'https://app.example/crm/connect#key'],
    ['//cdn.example/x', 'https://cdn.example/x'],
  ])('follows %s', (url, href) => expect(safeUrl(url, base)?.href).toBe(href));

  it.each([
    'javascript:alert(1)', 'JAVASCRIPT:alert(1)', '\tjava\nscript:alert(1)', '\u0001javascript:alert(1)', 'data:text/html,x', 'vbscript:x',
    'blob:https://a/b', 'file:///etc/passwd', 'ftp://a/b', 'tel:1', 'https://bank.example@evil.example', 'https://a:b@c', 'https://', '', null, undefined,
  ])('refuses %j', (url) => expect(safeUrl(url, base)).toBeNull());

  it('refuses relative links on a page without a web address', () => {
    expect(safeUrl('x', 'about:blank')).toBeNull();
    expect(safeUrl('x', 'file:///index.html')).toBeNull();
  });
});

describe('queue', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  it.each<[string | null | undefined, boolean]>([
    [null, false],
    [undefined, false],
    ['2026-11-21T10:00:00.001Z', false],
    ['2026-11-21T10:00:00Z', true],
    ['2026-11-21T12:00:00+03:00', true],
    ['2026-11-21T12:00:00+01:00', false],
    ['soon', true],
  ])('%s is expired: %s', (expires_at, expected) => expect(isExpired({ expires_at }, now)).toBe(expected));

  it('takes the first that is alive and forgets the dead', () => {
    const [a, b, c] = [{ expires_at: '2020-01-01T00:00:00Z' }, { expires_at: null }, { expires_at: '2020-01-01T00:00:00Z' }];
    const d = { expires_at: '2027-01-01T00:00:00Z' };
    expect(takeNext([a!, b!, c!, d], now)).toEqual({ next: b, rest: [d] });
    expect(takeNext([a!], now)).toEqual({ next: null, rest: [] });
  });
});

describe('labelsFor', () => {
  it.each([
    ['ar', 'إغلاق'],
    ['ar-EG', 'إغلاق'],
    ['arn', 'Close'],
    ['de', 'Close'],
    [undefined, 'Close'],
  ])('%s closes with %s', (language, close) => expect(labelsFor(language).close).toBe(close));

  it('counts in both languages', () => {
    expect(labelsFor('en').progress(1, 3)).toBe('1 of 3 done');
    expect(labelsFor('ar').progress(1, 3)).toContain('1');
  });
});
