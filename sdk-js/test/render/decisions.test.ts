import { describe, expect, it } from 'vitest';
import { LATE_MS, LOST_MS, advance, begin } from '../../src/render/anchorphase';
import { parseChecklist } from '../../src/render/checklist';
import { labelsFor } from '../../src/render/labels';
import { alive, isExpired } from '../../src/render/queue';
import { safeUrl } from '../../src/render/safeurl';

describe('advance', () => {
  const gone = [false, undefined] as const;
  const unsure = [true, undefined] as const;
  const fits = [true, true] as const;
  const cramped = [true, false] as const;
  it.each<[string, (readonly [readonly [boolean, boolean | undefined], number])[], string]>([
    ['is there at once', [[fits, 0]], 'anchored'],
    ['may come late', [[gone, LATE_MS - 1], [fits, LATE_MS - 1]], 'anchored'],
    ['is given up after the patience', [[gone, LATE_MS]], 'corner'],
    ['is not given up before', [[gone, LATE_MS - 1]], 'waiting'],
    ['is not given up while nobody knows whether it can be seen', [[unsure, 0], [unsure, LATE_MS * 9]], 'waiting'],
    ['without room is not waited for', [[cramped, 1]], 'corner'],
    ['that loses its room is not waited for', [[fits, 1], [cramped, 2]], 'corner'],
    ['gets its card back when there is room again', [[cramped, 1], [fits, 2]], 'anchored'],
    ['may go for a moment', [[fits, 5000], [gone, 5000 + LOST_MS - 1]], 'anchored'],
    ['may be replaced', [[fits, 5000], [gone, 5100], [unsure, 5200], [fits, 5216]], 'anchored'],
    ['is given up when it stays away', [[fits, 5000], [gone, 5100], [gone, 5000 + LOST_MS]], 'corner'],
    ['is found again', [[gone, LATE_MS], [fits, 90_000]], 'anchored'],
    ['stays given up', [[gone, LATE_MS], [gone, LATE_MS * 9]], 'corner'],
  ])('a target that %s', (_, sightings, phase) => {
    const state = sightings.reduce((before, [[isThere, hasPlace], now]) => advance(before, isThere, hasPlace, now), begin(0));
    expect(state.phase).toBe(phase);
  });

  it('takes the corner at once without a target to wait for', () => {
    expect(advance(begin(7, 0), false, undefined, 7).phase).toBe('corner');
  });

  it('remembers when the target was last there', () => {
    expect(advance(advance(begin(0), true, false, 50), false, undefined, 90).since).toBe(50);
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

  it('keeps in order what is alive and forgets the dead', () => {
    const [a, b, c] = [{ expires_at: '2020-01-01T00:00:00Z' }, { expires_at: null }, { expires_at: '2020-01-01T00:00:00Z' }];
    const d = { expires_at: '2027-01-01T00:00:00Z' };
    expect(alive([a!, b!, c!, d], now)).toEqual([b, d]);
    expect(alive([a!], now)).toEqual([]);
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
