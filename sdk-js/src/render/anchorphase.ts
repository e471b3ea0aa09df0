/**
 * Where a tooltip stands with its target: waiting for it, at it, or given up to a corner. Pure, so that the patience
 * is tested by a table and not by a clock.
 */

export type Phase = 'waiting' | 'anchored' | 'corner';

export interface Anchorage {
  readonly phase: Phase;
  /** When the target was last there, or when the waiting began; milliseconds of any steady clock. */
  readonly since: number;
  /** Milliseconds to wait for it before the corner is taken. */
  readonly patience: number;
}

/** For a target that was never there: a page that is still loading, a dialog still opening. */
export const LATE_MS = 4000;
/** For a target that was there and went: a re-render, a collapsed section. */
export const LOST_MS = 800;

/** Waits from `now` on; without patience the corner is taken at once. */
export function begin(now: number, patience = LATE_MS): Anchorage {
  return { phase: 'waiting', since: now, patience };
}

/**
 * The next state, given whether the target is there, and whether the card has a place at it: undefined while that is not
 * known. Only a target that is not there is waited for: where it is, but has no room or is out of sight, waiting helps nobody.
 */
export function advance({ phase, since, patience }: Anchorage, isThere: boolean, hasPlace: boolean | undefined, now: number): Anchorage {
  if (isThere) return { phase: hasPlace ? 'anchored' : hasPlace === false ? 'corner' : phase, since: now, patience: LOST_MS };
  return { phase: now - since < patience ? phase : 'corner', since, patience };
}
