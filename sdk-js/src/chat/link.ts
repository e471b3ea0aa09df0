/** Whether messages reach the gateway: what the leading tab's line says of itself, and the browser of its network. */

import type { ChatPort, Told } from './port';

export interface Link {
  hear(told: Told): void;
  /** When the line came up, Unix milliseconds; 0 while it is down. */
  since(): number;
  /** Long enough that the user should know. */
  isDown(now: number): boolean;
}

/** A line that is down for less is nobody's concern; milliseconds. */
const BLINK_MS = 2500;

export function createLink({ linked }: ChatPort): Link {
  let upSince = linked() ? Date.now() : 0;
  let downSince = Date.now();
  return {
    since: () => upSince,
    isDown: (now) => !navigator.onLine || (!upSince && now - downSince > BLINK_MS),
    hear({ type }) {
      if (type === 'hello') upSince = Date.now();
      else if (type === 'closed' && upSince) {
        upSince = 0;
        downSince = Date.now();
      }
    },
  };
}
