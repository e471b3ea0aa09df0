/** Everything that is captured without being asked. */

import type { Options } from '../options';
import type { Scope } from '../scope';
import { type CapturedClick, captureClicks } from './clicks';
import { captureChanges, captureSubmits } from './fields';
import { capturePages } from './pages';
import type { Emit } from './surroundings';

/** Looks behind the clicks: for rage, errors, and clicks that nothing answers. The answer is told of each click. */
export type Signals = (scope: Scope, emit: Emit) => (click: CapturedClick) => void;

/** Starts capturing; the answer reports what still waits for a pause, before the page goes. */
export function watch(scope: Scope, emit: Emit, { keepQuery }: Options, signals?: Signals): () => void {
  const clicked = signals?.(scope, emit);
  capturePages(scope, emit, keepQuery);
  captureClicks(scope, emit, (click) => clicked?.(click));
  const flush = captureChanges(scope, emit);
  captureSubmits(scope, emit, flush);
  return flush;
}
