/** What every part of capture is given. */

import type { Properties } from '../wire';
import { isIgnored } from './privacy';

/** Queues an event about the element that a selector names; answers the event's id. */
export type Emit = (type: string, target?: string, properties?: Properties) => string;

/** The element that an event really happened at, within open shadow roots too, unless the page wants it ignored. */
export function originOf<E extends Element>(event: Event): E | undefined {
  const [origin] = event.composedPath();
  return origin instanceof Element && !isIgnored(origin) ? (origin as E) : undefined;
}
