/** Identifiers that sort by time (UUIDv7, RFC 9562), so that storage keys are a queue in order. */

/** 4,096 ticks to the millisecond; a page never uses one twice, whatever its clock does. */
const TICKS = 4096;
let last = 0;

/** A fresh UUIDv7; those of one page never sort before an earlier one. */
export function uuid7(now = Date.now()): string {
  last = Math.max(now * TICKS, last + 1);
  const random = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => hex(byte, 2));
  return [hex(last, 15), ...random].join('').replace(/(.{8})(.{4})(...).(...)/, '$1-$2-7$3-8$4-');
}

/** When a UUIDv7 was made; Unix milliseconds. */
export const timeOf = (uuid: string): number => parseInt(uuid.slice(0, 13).replace('-', ''), 16);

const hex = (value: number, length: number): string => value.toString(16).padStart(length, '0');
