import { describe, expect, it } from 'vitest';
import { plainText, renderMarkdown } from '../../src/chat/markdown';
import { type Spoken, speak } from '../../src/chat/speech';
import { PATIENCE_MS, isOverdue, startsAnew } from '../../src/chat/unsent';
import { WORDS as ARABIC } from '../../src/chat/words/ar';
import { WORDS as ENGLISH } from '../../src/chat/words/en';

const html = (text: string): string => {
  const refer = (marker: number) => (marker === 1 ? Object.assign(document.createElement('sup'), { textContent: '1' }) : null);
  return renderMarkdown(text, refer).map((block) => block.outerHTML.replace(/ (class|dir|tabindex)="\w*"/g, '')).join('');
};

describe('renderMarkdown', () => {
  it.each([
    ['plain', '<p>plain</p>'],
    ['two\nlines\n\nnext', '<p>two\n<br>lines</p><p>next</p>'],
    ['**bold** and *italic* and `a*b*c`', '<p><strong>bold</strong> and <em>italic</em> and <code>a*b*c</code></p>'],
    ['**bold with `code`**', '<p><strong>bold with <code>code</code></strong></p>'],
    ['2 * 3 * 4', '<p>2 * 3 * 4</p>'],
    ['\\*as it is\\*', '<p>*as it is*</p>'],
    ['- one\n- two\n\n1. first\n2. second', '<ul><li>one</li><li>two</li></ul><ol start="1"><li>first</li><li>second</li></ol>'],
    ['1. first\n\n2. second', '<ol start="1"><li>first</li><li>second</li></ol>'],
    ['3) third', '<ol start="3"><li>third</li></ol>'],
    ['# Heading #\ntext', '<p><strong>Heading</strong></p><p>text</p>'],
    ['```js\na < b\n```\nafter', '<pre><code>a &lt; b</code></pre><p>after</p>'],
    ['```\nnever closed', '<pre><code>never closed</code></pre>'],
    ['a key [1].', '<p>a key<sup>1</sup>.</p>'],
    ['unknown [9].', '<p>unknown [9].</p>'],
    ['<b>no</b>', '<p>&lt;b&gt;no&lt;/b&gt;</p>'],
    ['[bad](javascript:x)', '<p>[bad](javascript:x)</p>'],
    ['', ''],
  ])('%j', (text, expected) => expect(html(text)).toBe(expected));

  it('makes links of addresses, without the marks behind them', () => {
    const [block] = renderMarkdown('See https://a.example/x?y=1, or [this](/help).');
    const links = [...block!.querySelectorAll('a')].map((link) => [link.href, link.textContent, link.target]);
    expect(links).toEqual([
      ['https://a.example/x?y=1', 'https://a.example/x?y=1', '_blank'],
      [`${location.origin}/help`, 'this', ''],
    ]);
  });

  it.each(['**'.repeat(4000), '['.repeat(8000), '[a]('.repeat(2000), '*a '.repeat(3000), `a${'`'.repeat(8000)}`, `${'#'.repeat(8000)} x`])(
    'ends on hostile words',
    (text) => expect(renderMarkdown(text).map(({ textContent }) => textContent).join('')).toBeTruthy(),
  );
});

it('plainText is what is read out', () => {
  expect(plainText('# Head\n- **bold** `code` [1] [link](https://a.example)\n```\nx\n```')).toBe('Head\nbold code link\nx');
});

describe('speak', () => {
  const told = (steps: readonly (readonly [string, boolean])[]): string[] => {
    let spoken: Spoken | undefined;
    return steps.map(([text, isWhole]) => {
      const [say, next] = speak(spoken, 'm', text, isWhole);
      spoken = next;
      return say;
    });
  };
  it.each([
    ['whole sentences, each once', [['One. ', false], ['One. Two', false], ['One. Two. ', false], ['One. Two. End', true]], ['One.', '', 'Two.', 'End']],
    ['an unfinished sentence waits', [['Only this', false], ['Only this', true]], ['', 'Only this']],
    ['Arabic sentences', [['مرحبا؟ ', false], ['مرحبا؟ نعم', true]], ['مرحبا؟', 'نعم']],
    ['what was begun anew is said anew when it is whole', [['Old. ', false], ['New. ', false], ['New. Way.', true]], ['Old.', '', 'New. Way.']],
    ['nothing', [['', false], ['', true]], ['', '']],
  ] as const)('%s', (_, steps, expected) => expect(told(steps)).toEqual(expected));
});

describe('what is on its way', () => {
  const unsent = { user: 'u', text: 't', conversation: 'c', at: 0, sent: 1000 };
  it('is overdue when an open line has brought no answer for long', () => {
    expect(isOverdue(unsent, 500, 1000 + PATIENCE_MS)).toBe(false);
    expect(isOverdue(unsent, 500, 1001 + PATIENCE_MS)).toBe(true);
    expect(isOverdue(unsent, 5000, 1001 + PATIENCE_MS)).toBe(false);
    expect(isOverdue(unsent, 0, 1001 + PATIENCE_MS)).toBe(false);
    expect(isOverdue({ ...unsent, code: 'x' }, 500, 1001 + PATIENCE_MS)).toBe(false);
  });
  it.each([
    ['conversation_ended', {}, true],
    ['not_found', {}, true],
    ['too_many_messages', {}, false],
    ['not_found', { again: true }, false],
    ['not_found', { conversation: null }, false],
  ])('%s %o begins another conversation: %s', (code, more, expected) => expect(startsAnew({ ...unsent, ...more }, code)).toBe(expected));
});

it('both languages have all words, and Arabic ones are Arabic', () => {
  const args: Record<string, [string, string]> = { limit: ['1', '2'], with: ['س', ''], promise: ['٥', ''], reference: ['1', ''], unread: ['3', ''] };
  const text = (words: typeof ARABIC, key: string): string => {
    const word = (words as unknown as Record<string, string | ((...given: string[]) => string)>)[key]!;
    return typeof word === 'string' ? word : word(...args[key]!);
  };
  expect(Object.keys(ARABIC).sort()).toEqual(Object.keys(ENGLISH).sort());
  for (const key of Object.keys(ARABIC)) expect(text(ARABIC, key), key).toMatch(/^[^a-z]+$/i);
});
