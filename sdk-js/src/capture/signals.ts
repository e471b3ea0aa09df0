/** The signals of frustration that only the page can see: rage, dead and error clicks. */

import { watchDeadClicks } from './dead';
import { watchFailures } from './failures';
import { watchRage } from './rage';
import type { Signals } from './watch';

/** @param requests whether failed requests of the page count; they are seen by wrapping `fetch` and `XMLHttpRequest`. */
export const watchSignals = (requests = true): Signals => (scope, emit) => {
  const watches = [watchFailures(scope, emit, requests), watchRage(scope, emit), watchDeadClicks(scope, emit)];
  return (click) => watches.forEach((tell) => tell(click));
};
