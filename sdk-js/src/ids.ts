/** Identifiers that sort by time (UUIDv7, RFC 9562), so that storage keys are a queue in order. */

let lastMs = 0;
let counter = 0;

/** A fresh UUIDv7; those of one page never sort before an earlier one, even within a millisecond. */
export function uuid7(now = Date.now()): string {
  if (now > lastMs || counter > 4094) {
    lastMs = Math.max(now, lastMs + 1);
    counter = 0;
  } else counter++;
  const random = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => hex(byte, 2)).join('');
  const digits = `${hex(lastMs, 12)}7${hex(counter, 3)}8${random}`;
  return digits.replace(/(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
}

/** When a UUIDv7 was made; Unix milliseconds. */
export const timeOf = (uuid: string): number => parseInt(uuid.slice(0, 13).replace('-', ''), 16);

const hex = (value: number, length: number): string => value.toString(16).padStart(length, '0');
