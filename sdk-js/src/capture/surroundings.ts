/** What every part of capture is given. */

import type { Scope } from '../scope';
import type { Properties } from '../wire';

/** Queues an event about the element that a selector names; answers the event's id. */
export type Emit = (type: string, target?: string, properties?: Properties) => string;

export interface Surroundings {
  readonly scope: Scope;
  readonly view: Window & typeof globalThis;
  readonly emit: Emit;
}

/** The element that an event really happened at, within open shadow roots too. */
export function originOf(event: Event): Element | undefined {
  const origin = event.composedPath()[0];
  return origin instanceof Element ? origin : undefined;
}
