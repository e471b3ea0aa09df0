/** One message as an element: who said it, its words, its sources, and what the user can do with it. */

import { make } from '../render/element';
import type { Citation } from '../wire';
import { icon } from './icons';
import { link, renderMarkdown } from './markdown';
import type { Wishes } from './scene';
import type { Line } from './talk';
import type { Words } from './words';

export interface LineMaker {
  line(line: Line): HTMLElement;
  /** Writes the words of an answer under way into its element. */
  words(element: HTMLElement, text: string): void;
  /** Who said it, as it is read out. */
  speaker(line: Pick<Line, 'role' | 'author'>): string;
}

export function createLineMaker(words: Words, language: string, wishes: Wishes): LineMaker {
  const clock = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });

  const speaker: LineMaker['speaker'] = ({ role, author }) =>
    role === 'user' ? words.you : role === 'assistant' ? words.assistant : (author ?? words.person);
  const button = (kind: string, label: string, wish: () => void, ...content: Node[]): HTMLElement => {
    const made = make(`button.${kind}`, { type: 'button', 'aria-label': label, title: label }, ...content);
    made.addEventListener('click', wish);
    return made;
  };
  const thumbs = (line: Line): HTMLElement[] =>
    (['up', 'down'] as const).map((rating) => {
      const made = button(`thumb.${rating}`, words[rating], () => wishes.rate(line, rating), icon('thumb'));
      made.ariaPressed = `${line.rating === rating}`;
      return made;
    });
  const trouble = (line: Line): HTMLElement[] => [
    make('span.trouble', {}, reasonFor(line.code, words)),
    ...[
      [words.retry, wishes.retry] as const,
      [words.remove, wishes.remove] as const,
    ].map(([label, wish]) => {
      const made = make('button.word', { type: 'button' }, label);
      made.addEventListener('click', () => wish(line));
      return made;
    }),
  ];
  const below = (line: Line): HTMLElement | null => {
    const { sending, at, role, local, status } = line;
    if (local || role === 'system') return null;
    if (sending === 'failed') return make('div.below', {}, ...trouble(line));
    const time = make('time', { datetime: new Date(at).toISOString() }, sending ? words.sending : clock.format(at));
    const note = status === 'stopped' && make('span', {}, words.stopped);
    return make('div.below', {}, time, note || null, ...(role === 'assistant' ? thumbs(line) : []));
  };

  return {
    speaker,
    words: (element, text) => element.querySelector('.said')!.replaceChildren(...renderMarkdown(text)),
    line(line) {
      const { role, text, citations = [], author } = line;
      const isPlain = role === 'user' || role === 'system';
      const content = isPlain ? [text] : renderMarkdown(text, (marker) => reference(marker, citations, words));
      const said = make('div.said', { dir: 'auto' }, ...content);
      const name = role !== 'system' && make('span.sr', {}, `${speaker(line)}:`);
      const by = role === 'agent' && make('bdi.by', { 'aria-hidden': 'true' }, author ?? words.person);
      const isQuiet = role === 'user' && 'off';
      const kind = role === 'user' ? 'mine' : role === 'system' ? 'note' : 'theirs';
      return make(`div.line.${kind}`, { 'aria-live': isQuiet }, name || null, by || null, said, sources(citations, words), below(line));
    },
  };
}

function reasonFor(code: string | undefined, words: Words): string {
  if (code === 'too_many_messages' || code === 'rate_limited') return words.tooMany;
  if (code === 'message_too_long') return words.tooLong;
  return code === 'budget_exhausted' ? words.spent : words.failed;
}

/** The marker in the text, as a link to what it refers to. */
function reference(marker: number, citations: readonly Citation[], words: Words): HTMLElement | null {
  const cited = citations.find((citation, index) => (citation.marker ?? index + 1) === marker);
  const made = cited && link(cited.url, `${marker}`);
  if (!made) return cited ? make('sup', {}, `${marker}`) : null;
  made.setAttribute('aria-label', `${words.source} ${marker}: ${cited.title}`);
  made.className = 'ref';
  return made;
}

/** The documents that an answer rests on; a link that must not be followed is only named. */
function sources(citations: readonly Citation[], words: Words): HTMLElement | null {
  const items = citations.map(({ title, url, marker, attribution }, index) => {
    const name = make('bdi', {}, title || url || '');
    const source = link(url, name) ?? name;
    const credit = attribution && make('small', { dir: 'auto' }, attribution);
    return make('li', {}, make('span.number', { 'aria-hidden': 'true' }, `${marker ?? index + 1}`), source, credit || null);
  });
  return items.length ? make('div.sources', {}, make('span.head', {}, words.sources), make('ol', { role: 'list' }, ...items)) : null;
}
