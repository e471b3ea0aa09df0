/** Everything that is captured without being asked. */

import type { Options } from '../options';
import type { Scope } from '../scope';
import { captureClicks } from './clicks';
import { watchDeadClicks } from './dead';
import { watchFailures } from './failures';
import { captureChanges, captureSubmits } from './fields';
import { capturePages } from './pages';
import { watchRage } from './rage';
import type { Emit } from './surroundings';

/** Starts capturing; the answer reports what still waits for a pause, before the page goes. */
export function watch(scope: Scope, emit: Emit, { untrusted, keepQuery }: Options): () => void {
  const dead = watchDeadClicks(scope, emit);
  const watches = [watchFailures(scope, emit), watchRage(scope, emit), dead.clicked];
  capturePages(scope, emit, keepQuery, dead.navigated);
  captureClicks(scope, emit, untrusted, (click) => watches.forEach((tell) => tell(click)));
  const flush = captureChanges(scope, emit);
  captureSubmits(scope, emit, flush);
  return flush;
}
