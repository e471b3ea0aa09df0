/**
 * What is read out of an answer while it is written: whole sentences, each once. Pure; the caller keeps how far it is.
 */

import { plainText } from './markdown';

export interface Spoken {
  /** Of which message, and what of it was said. */
  readonly id: string;
  readonly text: string;
}

/**
 * What to say next of an answer of which so much is there, and what has been said then. An answer that was begun anew is
 * said anew; the last sentence waits until it is `whole`.
 */
export function speak(spoken: Spoken | undefined, id: string, text: string, isWhole: boolean): readonly [say: string, spoken: Spoken] {
  const all = plainText(text);
  const ready = isWhole ? all : all.slice(0, endOfSentences(all));
  const before = spoken?.id === id ? spoken.text : '';
  const isMore = ready.startsWith(before);
  if (!isMore && !isWhole) return ['', { id, text: before }];
  return [(isMore ? ready.slice(before.length) : ready).trim(), { id, text: ready }];
}

/** Where the last sentence ends that is surely over. */
function endOfSentences(text: string): number {
  const last = /[.!?؟…]["'»”)\]]*\s*$/.test(text);
  if (last || !text) return text.length;
  const sentences = [...new Intl.Segmenter(undefined, { granularity: 'sentence' }).segment(text)];
  return sentences.pop()!.index;
}
