/**
 * When clicks speak of frustration: pure functions of what was seen and when (milliseconds of one clock). The thresholds
 * are the product's definitions; they agree with those of public session-replay tools.
 */

export interface Click {
  /** The event that tells of it. */
  readonly id: string;
  readonly at: number;
  /** CSS pixels within the viewport. */
  readonly x: number;
  readonly y: number;
  readonly target: unknown;
}

const RAGE = { clicks: 3, ms: 1000, px: 30 };

/**
 * The run of clicks that a new one continues or begins: same target, each within 1,000 ms and 30 px (Manhattan) of the
 * one before, with no selection or scroll between.
 */
export function extendRun(run: readonly Click[], click: Click, disturbedAt: number): readonly Click[] {
  const last = run.at(-1);
  const follows =
    last &&
    last.target === click.target &&
    click.at - last.at <= RAGE.ms &&
    Math.abs(click.x - last.x) + Math.abs(click.y - last.y) <= RAGE.px &&
    disturbedAt <= last.at;
  return follows ? [...run, click] : [click];
}

/** True once per run: at the click that makes it one. */
export const isRage = (run: readonly Click[]): boolean => run.length === RAGE.clicks;

/** Within how many milliseconds of a click each kind of reaction answers it. A click without an answer is dead. */
export const ANSWERS = { mutation: 2500, scroll: 100, selection: 100, navigation: 1000, focus: 1000 };

export const isAnswer = (kind: keyof typeof ANSWERS, sinceClick: number): boolean => sinceClick <= ANSWERS[kind];

/** What a click set off; it ends when its last request does. */
export interface Action {
  readonly at: number;
  readonly end: number;
  /** Requests under way. */
  readonly open: number;
}

/** An error this long after an action's end still belongs to it; no action lasts longer than the second. */
const ERROR_MS = 100;
const MAX_ACTION_MS = 10_000;

/** Whether something that happens now belongs to what a click set off. */
export const belongs = (action: Action, now: number): boolean =>
  now - action.at <= MAX_ACTION_MS && (action.open > 0 || now - action.end <= ERROR_MS);
