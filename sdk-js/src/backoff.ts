/** When to try again: pure functions of the attempt, so that a fleet of pages never comes back as one wave. */

export const MINUTE = 60_000;

/** Exponential with full jitter; milliseconds. `attempt` counts from 0. */
export function backoff(attempt: number, random: number, base = 1000, cap = MINUTE): number {
  return Math.round(random * Math.min(cap, base * 2 ** attempt));
}

/** The server's `Retry-After` (seconds, as our API says it) in milliseconds, at most an hour; undefined if unreadable. */
export function retryAfter(header: string | null): number | undefined {
  return header && +header >= 0 ? Math.min(+header * 1000, 60 * MINUTE) : undefined;
}
