/** One message as an element: who said it, its words, its sources, and what the user can do with it. */

import { make } from '../render/element';
import type { Citation } from '../wire';
import { THUMB, icon } from './icons';
import type { Kit } from './kit';
import { link, renderMarkdown } from './markdown';
import type { Line } from './talk';
import type { Words } from './words/words';

/** Who said it, as it is shown and read out. */
export const speakerOf = ({ role, author }: Pick<Line, 'role' | 'author'>, words: Words): string =>
  role === 'user' ? words.you : role === 'assistant' ? words.assistant : (author ?? words.person);

export function buildLine(line: Line, kit: Kit): HTMLElement {
  const { role, text, citations = [] } = line;
  const { words } = kit;
  const isPlain = role === 'user' || role === 'system';
  const content = isPlain ? [make('p', { dir: 'auto' }, text)] : renderMarkdown(text, (marker) => reference(marker, citations));
  const name = speakerOf(line, words);
  const kind = role === 'user' ? 'mine' : role === 'system' ? 'note' : 'theirs';
  return make(
    `div.line.${kind}`,
    // What the user wrote need not be read out to them.
    { 'aria-live': role === 'user' && 'off' },
    role === 'agent' ? make('bdi.by', {}, name) : role === 'system' ? null : make('span.sr', {}, name),
    make('div.said', {}, ...content),
    sources(citations, words),
    below(line, kit),
  );
}

/** When it was said, and what can be done about it. */
function below(line: Line, { words, wishes, press, port }: Kit): HTMLElement | null {
  const { sending, at, role, local, status } = line;
  if (local || role === 'system') return null;
  if (sending === 'failed') {
    const retry = press('word', () => wishes.retry(line), words.retry);
    const remove = press('word', () => wishes.remove(line), words.remove);
    return make('div.below', {}, make('span.trouble', {}, line.code === 'too_many_messages' ? words.tooMany : words.failed), retry, remove);
  }
  const clock = new Date(at).toLocaleTimeString(port.language, { hour: 'numeric', minute: '2-digit' });
  const thumbs = (['up', 'down'] as const).map((rating) => {
    const thumb = press(`thumb.${rating}`, () => wishes.rate(line, rating), words[rating], icon(THUMB));
    thumb.ariaPressed = `${line.rating === rating}`;
    return thumb;
  });
  const time = make('span.time', {}, sending ? words.sending : clock);
  return make('div.below', {}, time, status === 'stopped' ? words.stopped : null, ...(role === 'assistant' ? thumbs : []));
}

/** The marker in the text, as a link to what it refers to. */
function reference(marker: number, citations: readonly Citation[]): HTMLElement | null {
  const cited = citations.find((citation, index) => (citation.marker ?? index + 1) === marker);
  const made = cited && link(cited.url, `${marker}`);
  if (!made) return cited ? make('span.ref', {}, `${marker}`) : null;
  made.ariaLabel = `${marker}: ${cited.title}`;
  made.className = 'ref';
  return made;
}

/** The documents that an answer rests on; a link that must not be followed is only named. */
function sources(citations: readonly Citation[], words: Words): HTMLElement | null {
  const items = citations.map(({ title, url, marker, attribution }, index) => {
    const name = make('bdi', {}, title || url);
    const credit = attribution && make('small', { dir: 'auto' }, attribution);
    return make('li', {}, make('span.number', {}, `${marker ?? index + 1}`), link(url, name) ?? name, credit);
  });
  return items[0] ? make('div.sources', {}, make('span.by', {}, words.sources), make('ol', { role: 'list' }, ...items)) : null;
}
