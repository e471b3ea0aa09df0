/** Everything that is captured without being asked, put together as the host wants it. */

import type { CaptureOptions } from '../options';
import type { Scope } from '../scope';
import { type CapturedClick, captureClicks } from './clicks';
import { watchDeadClicks } from './dead';
import { watchFailures } from './failures';
import { captureChanges, captureSubmits } from './fields';
import { capturePages } from './pages';
import { watchRage } from './rage';
import type { Emit } from './surroundings';

/** Starts capturing; the answer reports what still waits for a pause, before the page goes. */
export function watch(scope: Scope, emit: Emit, options: CaptureOptions, keepQuery: readonly string[]): () => void {
  const { clicks = true, changes = true, submits = true, pages = true, frustration = true, untrusted = false } = options;
  const dead = clicks && frustration && watchDeadClicks(scope, emit);
  const watches: ((click: CapturedClick) => void)[] = dead ? [watchFailures(scope, emit), watchRage(scope, emit), dead.clicked] : [];
  const flush = changes ? captureChanges(scope, emit) : () => {};

  if (pages) capturePages(scope, emit, keepQuery, () => dead && dead.navigated());
  if (clicks) captureClicks(scope, emit, untrusted, (click) => watches.forEach((watch) => watch(click)));
  if (submits) captureSubmits(scope, emit, flush);
  return flush;
}
