/**
 * The little Markdown that answers are written in, made into elements: bold, italic, code, lists, links, headings. Nothing
 * is ever parsed as HTML; what is not understood stays the text that it is. Every block finds its own direction.
 */

import { make } from '../render/element';
import { safeUrl } from '../render/safeurl';

/** Makes the link for a marker such as “[1]”, or null when it refers to nothing. */
export type Refer = (marker: number) => HTMLElement | null;

const FENCE = /^\s*(`{3,}|~{3,})/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)\s*#*$/;
const BULLET = /^\s*[-*•]\s+(.*)/;
const NUMBER = /^\s*(\d{1,3})[.)]\s+(.*)/;

/** One pattern for all that stands within a line; every repetition is bounded, since the text comes from afar. */
const INLINE = new RegExp(
  [
    /\\([\\`*_[\]()#.!+-])/,
    /`([^`\n]{1,500})`/,
    /\*\*(?=\S)([^\n]{1,1000}?)\*\*/,
    /\*(?=[^\s*])([^*\n]{1,500})\*/,
    /\[([^\]\n]{1,300})\]\(([^()\s]{1,1000})\)/,
    /\[(\d{1,2})\]/,
    /(https?:\/\/[^\s<>"]{1,1000})/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);
const TRAILING = /[.,;:!?)\]'"’”؟،؛]+$/;

export function renderMarkdown(text: string, refer: Refer = () => null): readonly HTMLElement[] {
  const blocks: HTMLElement[] = [];
  let words: string[] = [];
  let list: HTMLElement | undefined;
  const endWords = (): void => {
    if (words.length) blocks.push(paragraph(words, refer));
    words = [];
  };
  const item = (kind: 'ul' | 'ol', content: string, start?: string): void => {
    endWords();
    if (list?.localName !== kind) blocks.push((list = make(kind, { start, dir: 'auto' })));
    list.append(make('li', {}, ...inline(content, refer)));
  };
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const fence = FENCE.exec(line)?.[1];
    const bullet = BULLET.exec(line);
    const number = NUMBER.exec(line);
    if (bullet) item('ul', bullet[1]!);
    else if (number) item('ol', number[2]!, number[1]);
    else if (fence) {
      const end = lines.findIndex((other, at) => at > index && other.trim().startsWith(fence));
      const until = end < 0 ? lines.length : end;
      endWords();
      blocks.push(make('pre', { dir: 'ltr', tabindex: '0' }, make('code', {}, lines.slice(index + 1, until).join('\n'))));
      index = until;
      list = undefined;
    } else if (!line.trim()) endWords();
    else {
      const heading = HEADING.exec(line);
      list = undefined;
      if (heading) {
        endWords();
        blocks.push(make('p', { dir: 'auto' }, make('strong', {}, ...inline(heading[1]!, refer))));
      } else words.push(line);
    }
  }
  endWords();
  return blocks;
}

function paragraph(lines: readonly string[], refer: Refer): HTMLElement {
  const parts = lines.flatMap((line, index) => [...(index ? ['\n', make('br')] : []), ...inline(line, refer)]);
  return make('p', { dir: 'auto' }, ...parts);
}

function inline(text: string, refer: Refer): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    const made = piece(found, refer);
    const words = text.slice(from, found.index);
    // A reference stays with the word before it.
    parts.push(found[7] && made[0] !== found[0] ? words.trimEnd() : words, ...made);
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)].filter((part) => part);
}

function piece([whole, plain, code, bold, italic, label, target, marker, address]: RegExpExecArray, refer: Refer): (Node | string)[] {
  if (plain) return [plain];
  if (code) return [make('code', {}, code)];
  if (bold) return [make('strong', {}, ...inline(bold, refer))];
  if (italic) return [make('em', {}, ...inline(italic, refer))];
  if (marker) return [refer(+marker) ?? whole];
  if (label) return [link(target, make('bdi', {}, label)) ?? whole];
  const tail = TRAILING.exec(address!)?.[0] ?? '';
  const bare = address!.slice(0, address!.length - tail.length);
  return [link(bare, make('bdi', {}, bare)) ?? bare, tail];
}

/** A link that cannot run code; what leaves the product opens beside it. Null for one that must not be followed. */
export function link(url: string | null | undefined, ...content: (Node | string)[]): HTMLAnchorElement | null {
  const target = safeUrl(url);
  const isAway = target?.host && target.host !== location.host;
  return target && url ? make('a', { href: target.href, target: isAway && '_blank' }, ...content) : null;
}

/** The words alone, as they are read out. */
export const plainText = (text: string): string =>
  renderMarkdown(text, () => make('i'))
    .flatMap((block) => (block.matches('ul,ol') ? [...block.children] : [block]))
    .map(({ textContent }) => textContent)
    .join('\n');
