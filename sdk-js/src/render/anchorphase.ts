/**
 * Where a tooltip stands with its target: waiting for it, at it, or given up to a corner. Pure, so that the patience
 * is tested by a table and not by a clock.
 */

export type Phase = 'waiting' | 'anchored' | 'corner';

export interface Anchorage {
  readonly phase: Phase;
  /** When the target was last there, or when the waiting began; milliseconds of any steady clock. */
  readonly since: number;
  /** Milliseconds to wait in this phase before the corner is taken. */
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

/** The next state, given whether a usable place at the target exists at `now`; the same object when nothing changed. */
export function advance(state: Anchorage, found: boolean, now: number): Anchorage {
  if (found) return { phase: 'anchored', since: now, patience: LOST_MS };
  if (state.phase !== 'corner' && now - state.since >= state.patience) return { ...state, phase: 'corner' };
  return state;
}
