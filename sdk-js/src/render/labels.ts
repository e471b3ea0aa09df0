/**
 * The renderer's own few words, in the languages the product proves; everything else on a card comes from the server.
 */

export interface Labels {
  readonly close: string;
  readonly reply: string;
  readonly reveal: string;
  /** How many of the steps are done. */
  readonly progress: (done: number, total: number) => string;
}

const ENGLISH: Labels = {
  close: 'Close',
  reply: 'Reply',
  reveal: 'Take me there',
  progress: (done, total) => `${done} of ${total} done`,
};

const ARABIC: Labels = {
  close: 'إغلاق',
  reply: 'ردّ',
  reveal: 'خذني إلى هناك',
  progress: (done, total) => `اكتمل ${done} من ${total}`,
};

/** The words for a BCP 47 tag such as "ar-EG"; English where there is no translation. */
export function labelsFor(language: string | null | undefined): Labels {
  return /^ar\b/i.test(language ?? '') ? ARABIC : ENGLISH;
}
