/**
 * What the chat knows of the user's conversation: a value, and what each frame, each word of the user's and each answer of
 * the API make of it. Pure: the views draw it, every tab has its own, and all arrive at the same.
 */

import type { ChatMessage, DeltaFrame, HandledBy, Handling, Nudge, ServerFrame, Standing } from '../wire';

/**
 * One message on screen. What the user wrote is here before the server has it, then its server's version; the id that the
 * page gave tells that they are one.
 */
export interface Line extends Omit<ChatMessage, 'created_at' | 'conversation_id'> {
  readonly conversation_id: string | null;
  /** Unix milliseconds. */
  readonly at: number;
  /** Within the conversation: whole as the server has it, broken once it is accepted, Infinity before. */
  readonly position: number;
  /** Until the server has it: on its way, or why it did not get there. */
  readonly sending?: 'sending' | 'failed' | undefined;
  readonly code?: string | undefined;
  /** Words of the page's own, such as the nudge that the user asks about: nothing to rate, nothing unread. */
  readonly local?: boolean;
}

/** An answer under way. */
export interface Draft {
  readonly id: string;
  readonly run: string;
  /** Runs that were given up: a sentence of theirs may still come. */
  readonly given: readonly string[];
  readonly pieces: readonly string[];
}

export interface Talk {
  /** The one that goes on, or, after its end, was the last. */
  readonly conversation: string | null;
  readonly ended: boolean;
  readonly handling: Handling;
  /** In the order in which they are shown. */
  readonly lines: readonly Line[];
  readonly draft?: Draft;
  /** Somebody is writing until then; Unix milliseconds. */
  readonly typing: number;
  /** The agent owes an answer, at the latest until then. */
  readonly owed: number;
  /** Up to when the user has read; Unix milliseconds. */
  readonly read: number;
}

const AGENT: Handling = { handled_by: 'agent' };
export const SILENCE: Talk = { conversation: null, ended: false, handling: AGENT, lines: [], typing: 0, owed: 0, read: 0 };

/** A `typing` frame holds for so long; milliseconds. */
export const TYPING_MS = 10_000;
/** After this an answer is not waited for any more. */
export const OWED_MS = 90_000;

/** As lines; what cannot be shown is better not kept. */
export const linesOf = (messages: readonly ChatMessage[]): readonly Line[] =>
  messages
    .filter(({ message_id, text, position }) => message_id && typeof text === 'string' && position > 0)
    .map((message) => ({ ...message, at: Date.parse(message.created_at) || 0 }));

/** Puts lines in, or in the place of their earlier selves. */
export function put(talk: Talk, fresh: readonly Line[]): Talk {
  const kept = talk.lines.filter((line) => !fresh.some((other) => isSame(line, other)));
  const ratingOf = (line: Line): Line['rating'] => line.rating ?? talk.lines.find((other) => isSame(line, other))?.rating;
  const rated = fresh.map((line) => ({ ...line, rating: ratingOf(line) }));
  return { ...talk, lines: [...kept, ...rated].sort(inOrder) };
}

const isSame = (a: Line, b: Line): boolean =>
  a.message_id === b.message_id || (!!a.client_message_id && a.client_message_id === b.client_message_id);

/** By position within a conversation, and by time across them; what is not stored yet comes last, as it was written. */
function inOrder(a: Line, b: Line): number {
  const isPlaced = a.position < Infinity && b.position < Infinity;
  if (isPlaced && a.conversation_id === b.conversation_id && !a.local && !b.local) return a.position - b.position;
  return isPlaced || a.position === b.position ? a.at - b.at : a.position < b.position ? -1 : 1;
}

export const change = (talk: Talk, id: string, news: Partial<Line>): Talk => ({
  ...talk,
  lines: talk.lines.map((line) => (line.message_id === id ? { ...line, ...news } : line)),
});

export const drop = (talk: Talk, id: string): Talk => ({ ...talk, lines: talk.lines.filter((line) => line.message_id !== id) });

/** What a frame of the gateway makes of it; frames of other kinds change nothing. */
export function hear(talk: Talk, frame: ServerFrame, now: number): Talk {
  switch (frame.type) {
    case 'message':
      return hearMessage(talk, frame, now);
    case 'message.delta':
      return isOfPast(talk, frame.conversation_id) || !frame.text ? talk : { ...talk, typing: 0, draft: extend(talk, frame) };
    case 'message.accepted': {
      const { client_message_id, conversation_id, message_id } = frame;
      return owe(accept(goTo(talk, conversation_id), client_message_id, conversation_id, message_id), now);
    }
    case 'typing':
      return isOfPast(talk, frame.conversation_id) ? talk : { ...talk, typing: now + TYPING_MS };
    case 'handoff':
      return frame.handled_by === 'agent' ? { ...talk, handling: frame } : { ...settle(talk), handling: frame };
    case 'ended':
      return frame.conversation_id === talk.conversation ? { ...settle(talk), ended: true, handling: AGENT, draft: undefined } : talk;
    default:
      return talk;
  }
}

/** Behind all that is there, whatever this browser's clock says; the stored message takes its place. */
function accept(talk: Talk, clientId: string, conversation: string, id: string): Talk {
  const line = talk.lines.find((other) => other.client_message_id === clientId);
  if (!line?.sending) return talk;
  const { at = 0, position = 0 } = talk.lines.filter((other) => other.position < Infinity).pop() ?? {};
  const isOne = talk.lines.some((other) => other.conversation_id === conversation && other.position === position);
  const place = { at: Math.max(line.at, at + 1), position: (isOne ? position : 0) + 0.01 };
  return put(talk, [{ ...line, ...place, message_id: id, conversation_id: conversation, sending: undefined, code: undefined }]);
}

function hearMessage(talk: Talk, message: ChatMessage, now: number): Talk {
  const [line] = linesOf([message]);
  if (!line) return talk;
  const isNews = line.at >= (newest(talk)?.at ?? 0);
  const next = put(isNews ? goTo(talk, message.conversation_id) : talk, [line]);
  if (message.role === 'user') return isNews ? owe(next, now) : next;
  return { ...settle(next), draft: next.draft?.id === message.message_id ? undefined : next.draft };
}

const isStored = ({ position, local }: Line): boolean => Number.isInteger(position) && !local;

/** The last one that the server has. */
const newest = ({ lines }: Talk): Line | undefined => lines.filter(isStored).pop();

/** Words that still come for a conversation that the user has left. */
const isOfPast = ({ conversation, ended }: Talk, other: string): boolean => !!conversation && (conversation !== other || ended);

/** Another conversation than before has an agent to begin with. */
const goTo = (talk: Talk, conversation: string): Talk =>
  talk.conversation === conversation ? talk : { ...talk, conversation, ended: false, handling: AGENT, draft: undefined };

const owe = (talk: Talk, now: number): Talk => ({ ...talk, owed: talk.handling.handled_by === 'agent' ? now + OWED_MS : 0 });

const settle = (talk: Talk): Talk => ({ ...talk, typing: 0, owed: 0 });

function extend({ draft }: Talk, { message_id: id, run, index, text }: DeltaFrame): Draft | undefined {
  if (draft?.id === id && draft.given.includes(run)) return draft;
  const isSame = draft?.id === id && draft.run === run;
  const pieces = isSame ? [...draft.pieces] : [];
  pieces[index] = text;
  const given = draft?.id === id && !isSame ? [...draft.given, draft.run] : (draft?.given ?? []);
  return { id, run, pieces, given };
}

const ENDED = /^(COMPLETED|ERROR|CANCELLED)/;

/** Whether these messages and what is here have some in common, so that nothing is missing between them. */
export const overlaps = (talk: Talk, messages: readonly ChatMessage[]): boolean =>
  messages.some(({ message_id }) => talk.lines.some((line) => line.message_id === message_id));

/** The API's view takes the place of ours, but for what is still on its way. */
export function resume(talk: Talk, standing: Standing | null, messages: readonly ChatMessage[], now: number): Talk {
  const fresh = linesOf(messages);
  // What came over the line while the API answered is newer than its answer.
  const until = fresh[fresh.length - 1]?.at ?? 0;
  const known = talk.lines.filter((line) => overlaps(talk, messages) || !isStored(line) || line.at > until);
  const next = put({ ...talk, lines: known }, fresh);
  if (!standing) return next;
  const last = newest(next);
  const isOwed = standing.handled_by === 'agent' && last?.role === 'user' && now - last.at < OWED_MS;
  const ended = ENDED.test(standing.state);
  return {
    ...next,
    conversation: standing.conversation_id,
    ended,
    handling: ended ? AGENT : { ...standing },
    owed: isOwed && !ended ? last.at + OWED_MS : 0,
  };
}

/** What the page shows above the conversation of what the user asks about, behind all that was said. */
export function quote(talk: Talk, { nudge_id, title, body }: Nudge): Talk {
  if (talk.lines.some(({ message_id }) => message_id === nudge_id)) return talk;
  const at = Math.max(0, ...talk.lines.map((line) => line.at)) + 1;
  const text = `**${title}**\n\n${body}`;
  return put(talk, [{ message_id: nudge_id, role: 'assistant', text, conversation_id: null, at, position: 0, local: true }]);
}

/** Of a conversation that this browser has not seen yet, the user has read what they answered. */
export const readAt = ({ lines }: Talk): number => lines.filter((line) => line.role === 'user' && isStored(line)).pop()?.at ?? 0;

export const unread = ({ lines, read }: Talk): readonly Line[] =>
  lines.filter(({ role, at, local }) => at > read && !local && (role === 'assistant' || role === 'agent'));

/** When the server has the last one from: reading it means reading all. The clock of this browser says nothing about that. */
export const lastAt = (talk: Talk): number => newest(talk)?.at ?? 0;

export const draftText = ({ draft }: Talk): string => draft?.pieces.join('') ?? '';

/** Whether the agent is at it: there is something to stop. */
export const isAnswering = ({ owed, draft, ended }: Talk, now: number): boolean => !ended && (owed > now || !!draft);

export const isWriting = (talk: Talk, now: number): boolean => !talk.draft && (talk.typing > now || isAnswering(talk, now));

export const handledBy = ({ handling }: Talk): HandledBy => handling.handled_by;
