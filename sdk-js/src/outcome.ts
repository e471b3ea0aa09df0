/** What an answer of the events endpoint means for the batch that was sent: a pure reading of status and body. */

export type Outcome =
  | 'sent'
  /** Too much, or bad in a way that names no event: halve the batch; a single event goes. */
  | 'split'
  /** The key or token is not accepted: keep everything, try again much later. */
  | 'refused'
  /** Try again when the server says so, or with the usual backoff. */
  | 'later'
  /** Indexes of bad events: drop those, send the rest at once. */
  | readonly number[];

/** @param body the answer as JSON, or anything else. @param size how many events were sent. */
export function judge(status: number, body: unknown, size: number): Outcome {
  if (status >= 200 && status < 300) return 'sent';
  if (status === 401 || status === 403) return 'refused';
  if (status === 413) return 'split';
  if (status !== 422 && status !== 400) return 'later';
  const bad = badIndexes(body, size);
  return bad.length ? bad : 'split';
}

/** The events that a problem document names, RFC 9457 with `errors: [{index, …}]`. */
function badIndexes(body: unknown, size: number): number[] {
  const errors = (body as { errors?: unknown } | undefined)?.errors;
  const named = Array.isArray(errors) ? errors.map((error: { index?: number } | null) => error?.index) : [];
  return [...Array(size).keys()].filter((index) => named.includes(index));
}
