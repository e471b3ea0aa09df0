/** What every part of capture is given. */

import type { Scope } from '../scope';
import type { Properties } from '../wire';

/** Queues an event about the element that a selector names; answers the event's id. */
export type Emit = (type: string, target?: string, properties?: Properties) => string;

export type Capture = (scope: Scope, emit: Emit) => void;

/** The element that an event really happened at, within open shadow roots too. */
export const originOf = (event: Event): Element | undefined =>
  event.composedPath().find((node): node is Element => node instanceof Element);
