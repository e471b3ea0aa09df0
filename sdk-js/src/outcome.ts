/** What an answer of the events endpoint means for the batch that was sent: a pure reading of status, headers and body. */

import { MINUTE, retryAfter } from './backoff';

export type Outcome =
  | { readonly kind: 'sent' }
  /** These events are bad: drop them, send the rest at once. */
  | { readonly kind: 'drop'; readonly indexes: readonly number[] }
  /** Too much, or bad in a way that names no event: halve the batch; a single event goes. */
  | { readonly kind: 'split' }
  /** The key or token is not accepted: keep everything, try again much later. */
  | { readonly kind: 'refused' }
  /** Try again after so many milliseconds, or with the usual backoff. */
  | { readonly kind: 'wait'; readonly ms?: number };

export const REFUSED_WAIT = 5 * MINUTE;

/** @param body the answer as JSON, or anything else. @param size how many events were sent. */
export function judge(status: number, header: string | null, body: unknown, size: number, now: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  if (status === 401 || status === 403) return { kind: 'refused' };
  if (status === 413) return { kind: 'split' };
  if (status === 422 || status === 400) {
    const indexes = badIndexes(body, size);
    return indexes.length ? { kind: 'drop', indexes } : { kind: 'split' };
  }
  return { kind: 'wait', ms: retryAfter(header, now) };
}

/** The events that a problem document names, RFC 9457 with `errors: [{index, …}]`. */
function badIndexes(body: unknown, size: number): number[] {
  const errors = (body as { errors?: unknown } | null)?.errors;
  const named = Array.isArray(errors) ? errors.map((error: { index?: unknown } | null) => error?.index) : [];
  return [...new Set(named)].filter((index): index is number => Number.isInteger(index) && +index! >= 0 && +index! < size);
}
