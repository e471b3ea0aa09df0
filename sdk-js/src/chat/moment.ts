/** What holds for a while only: words about what did not work, a wish that nobody has answered yet. */

export interface Moment {
  begin(): void;
  end(): void;
  holds(now: number): boolean;
}

/** @param ms for how long it holds where nothing ends it; milliseconds. */
export function createMoment(ms: number): Moment {
  let until = 0;
  return {
    begin: () => void (until = Date.now() + ms),
    end: () => void (until = 0),
    holds: (now) => until > now,
  };
}

/** Passing words to the user. */
export interface Notice {
  /** Shows words; with none those that are there go. */
  say(text: string): void;
  /** What there is to read now. */
  text(now: number): string;
  /** What was said last, also when it has passed. */
  latest(): string;
}

const NOTICE_MS = 6000;

export function createNotice(): Notice {
  const moment = createMoment(NOTICE_MS);
  let latest = '';
  return {
    say(text) {
      latest = text;
      moment.begin();
    },
    text: (now) => (moment.holds(now) ? latest : ''),
    latest: () => latest,
  };
}
