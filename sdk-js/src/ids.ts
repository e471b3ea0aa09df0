/** Identifiers that sort by time (UUIDv7, RFC 9562), so that storage keys are a queue in order. */

let lastMs = 0;
let counter = 0;

/** A fresh UUIDv7; those of one page never sort before an earlier one, even within a millisecond. */
export function uuid7(now = Date.now()): string {
  if (now > lastMs) {
    lastMs = now;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastMs++;
    counter = 0;
  }
  const random = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => hex(byte, 2)).join('');
  const variant = '89ab'[parseInt(random[0]!, 16) & 3]!;
  const time = hex(lastMs, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(counter, 3)}-${variant}${random.slice(1, 4)}-${random.slice(4)}`;
}

/** When a UUIDv7 was made; Unix milliseconds. */
export const timeOf = (uuid: string): number => parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);

const hex = (value: number, length: number): string => value.toString(16).padStart(length, '0');
