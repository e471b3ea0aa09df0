/**
 * One surface at a time: what waits behind the one on screen. Pure values; the renderer holds the current one.
 */

export interface Expiring {
  /** ISO 8601 with zone, or nothing: then it never expires. */
  readonly expires_at?: string | null | undefined;
}

/** An unreadable date counts as expired: showing something stale is worse than showing nothing. */
export function isExpired(entry: Expiring, now: number): boolean {
  return entry.expires_at ? !(Date.parse(entry.expires_at) > now) : false;
}

/** What is still worth showing; what has expired is dropped unseen. */
export function alive<T extends Expiring>(waiting: readonly T[], now: number): readonly T[] {
  return waiting.filter((entry) => !isExpired(entry, now));
}
