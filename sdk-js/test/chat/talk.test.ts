import { describe, expect, it } from 'vitest';
import { OWED_MS, SILENCE, type Talk, draftText, hear, isAnswering, isWriting, linesOf, put, quote, readAt, resume, unread } from '../../src/chat/talk';
import type { ChatMessage, ServerFrame } from '../../src/wire';

const NOW = 1_000_000;
const said = (position: number, more: Partial<ChatMessage> = {}): ChatMessage => ({
  conversation_id: 'c1',
  message_id: `m${position}`,
  position,
  role: 'assistant',
  text: `text ${position}`,
  created_at: new Date(NOW + position).toISOString(),
  ...more,
});
const after = (talk: Talk, ...frames: ServerFrame[]): Talk => frames.reduce((next, frame) => hear(next, frame, NOW), talk);
const message = (position: number, more?: Partial<ChatMessage>): ServerFrame => ({ type: 'message', ...said(position, more) });
const delta = (index: number, text: string, run = 'r1', message_id = 'm2'): ServerFrame => ({
  type: 'message.delta',
  conversation_id: 'c1',
  message_id,
  run,
  index,
  text,
});
const texts = ({ lines }: Talk): string[] => lines.map(({ text }) => text);
const own = (id: string, at = NOW) =>
  ({ message_id: id, client_message_id: id, role: 'user', text: id, conversation_id: null, at, position: Infinity, sending: 'sending' }) as const;
const accepted = (client_message_id: string, message_id: string, conversation_id = 'c1'): ServerFrame => ({
  type: 'message.accepted',
  client_message_id,
  conversation_id,
  message_id,
});

describe('messages', () => {
  it('stand by position, however they come, and once', () => {
    expect(texts(after(SILENCE, message(2), message(1), message(3), message(2)))).toEqual(['text 1', 'text 2', 'text 3']);
  });
  it('of the user stay one line from writing to storing', () => {
    const written = put(SILENCE, [own('k1')]);
    const taken = after(written, accepted('k1', 'm1'));
    expect(taken.lines).toMatchObject([{ message_id: 'm1', conversation_id: 'c1', sending: undefined }]);
    const stored = after(taken, message(1, { role: 'user', client_message_id: 'k1' }));
    expect(stored.lines).toHaveLength(1);
    expect(stored.lines[0]!.position).toBe(1);
  });
  it.each([0, 3600_000, -3600_000])('keep their order with a clock that is %i ms off', (skew) => {
    const first = after(put(SILENCE, [own('k1', NOW + skew)]), accepted('k1', 'm1'), message(2), message(1, { role: 'user', client_message_id: 'k1', text: 'k1' }));
    const second = after(put(first, [own('k2', NOW + skew)]), accepted('k2', 'm3'), message(4));
    expect(texts(second)).toEqual(['k1', 'text 2', 'k2', 'text 4']);
  });
  it('of a new conversation come after those of the old one', () => {
    const old = after(SILENCE, message(1), message(2));
    const fresh = after(put(old, [own('k1', NOW - 3600_000)]), accepted('k1', 'm9', 'c2'));
    expect(texts(fresh)).toEqual(['text 1', 'text 2', 'k1']);
    expect(fresh.conversation).toBe('c2');
  });
  it('keep what the user thought of them', () => {
    const rated = put(SILENCE, [{ ...linesOf([said(1)])[0]!, rating: 'up' }]);
    expect(after(rated, message(1)).lines[0]!.rating).toBe('up');
    expect(resume(rated, null, [said(1, { rating: null })], NOW).lines[0]!.rating).toBe('up');
  });
  it.each([{}, { text: undefined }, { message_id: '' }, { position: undefined }, { position: 0 }])('that cannot be shown are passed over: %o', (more) => {
    const broken = { ...said(1), ...more, ...(Object.keys(more).length ? {} : { text: 7 }) } as never;
    expect(after(SILENCE, { type: 'message', ...(broken as object) } as ServerFrame)).toBe(SILENCE);
  });
});

describe('an answer under way', () => {
  const asked = after(SILENCE, message(1, { role: 'user' }));
  it('is put together by index', () => {
    expect(draftText(after(asked, delta(1, 'b'), delta(0, 'a'), delta(0, 'a')))).toBe('ab');
  });
  it('is begun anew by another run, and what comes late of the old one is left out', () => {
    expect(draftText(after(asked, delta(0, 'old'), delta(0, 'new', 'r2'), delta(1, 'late'), delta(1, ' more', 'r2')))).toBe('new more');
  });
  it('gives way to the whole message, and to no other', () => {
    const other = after(asked, delta(0, 'a'), message(5, { role: 'system' }));
    expect(draftText(other)).toBe('a');
    expect(after(other, message(2)).draft).toBeUndefined();
  });
  it('of a conversation that is over is not shown', () => {
    const ended = after(asked, { type: 'ended', conversation_id: 'c1', code: 'completed' }, delta(0, 'a'));
    expect(ended.draft).toBeUndefined();
    expect(ended.ended).toBe(true);
  });
});

describe('who is at it', () => {
  it('is the agent from the question to the answer, for a while', () => {
    const asked = after(put(SILENCE, [own('k1')]), accepted('k1', 'm1'));
    expect([isAnswering(asked, NOW), isAnswering(asked, NOW + OWED_MS + 1)]).toEqual([true, false]);
    expect(isAnswering(after(asked, message(2)), NOW)).toBe(false);
  });
  it('is a person only while they write', () => {
    const handed = after(SILENCE, message(1), { type: 'handoff', conversation_id: 'c1', handled_by: 'human', agent: 'Sara' });
    const asked = after(put(handed, [own('k1')]), accepted('k1', 'm2'));
    expect(isAnswering(asked, NOW)).toBe(false);
    const typing = after(asked, { type: 'typing', conversation_id: 'c1', by: 'agent' });
    expect([isWriting(typing, NOW), isWriting(typing, NOW + 10_001)]).toEqual([true, false]);
    expect(isWriting(after(typing, message(3, { role: 'agent' })), NOW)).toBe(false);
  });
  it('is the agent again in a new conversation', () => {
    const handed = after(SILENCE, message(1), { type: 'handoff', conversation_id: 'c1', handled_by: 'human' });
    expect(after(handed, message(9, { conversation_id: 'c2' })).handling.handled_by).toBe('agent');
  });
});

describe('resuming', () => {
  const standing = { conversation_id: 'c1', state: 'IN_PROGRESS', handled_by: 'agent' } as const;
  it('expects the answer to a question that was just asked', () => {
    const asked = resume(SILENCE, standing, [said(1, { role: 'user' })], NOW);
    expect(isAnswering(asked, NOW)).toBe(true);
    expect(isAnswering(resume(SILENCE, standing, [said(1)], NOW), NOW)).toBe(false);
    expect(isAnswering(resume(SILENCE, { ...standing, handled_by: 'queue' }, [said(1, { role: 'user' })], NOW), NOW)).toBe(false);
  });
  it.each(['COMPLETED', 'ERROR', 'CANCELLED'])('shows that a conversation is %s', (state) => {
    expect(resume(SILENCE, { ...standing, state, handled_by: 'human' }, [], NOW)).toMatchObject({ ended: true, handling: { handled_by: 'agent' } });
  });
  it('keeps what is on its way, and drops what it cannot join', () => {
    const before = put(after(SILENCE, message(1)), [own('k1')]);
    expect(texts(resume(before, standing, [said(50), said(51)], NOW))).toEqual(['text 50', 'text 51', 'k1']);
    expect(texts(resume(before, standing, [said(1), said(2)], NOW))).toEqual(['text 1', 'text 2', 'k1']);
  });
});

describe('reading', () => {
  const talk = after(SILENCE, message(1), message(2, { role: 'user' }), message(3, { role: 'agent' }), message(4, { role: 'system' }));
  it('counts what others said and the user has not seen', () => {
    expect(unread(talk).map(({ position }) => position)).toEqual([1, 3]);
    expect(unread({ ...talk, read: NOW + 1 }).map(({ position }) => position)).toEqual([3]);
    expect(unread(quote({ ...talk, read: NOW + 4 }, { nudge_id: 'n', title: 'T', body: 'B' } as never))).toEqual([]);
  });
  it('on a new browser begins behind what the user answered', () => {
    expect(readAt(talk)).toBe(NOW + 2);
    expect(readAt(SILENCE)).toBe(0);
  });
  it('quotes a nudge behind all that was said, once', () => {
    const nudge = { nudge_id: 'n', title: 'T', body: 'B' } as never;
    expect(texts(quote(quote(talk, nudge), nudge)).slice(3)).toEqual(['text 4', '**T**\n\nB']);
  });
});
