/** Everything that is captured without being asked, put together as the host wants it. */

import type { CaptureOptions } from '../options';
import { captureClicks } from './clicks';
import { watchDeadClicks } from './dead';
import { watchFailures } from './failures';
import { captureChanges, captureSubmits } from './fields';
import { capturePages } from './pages';
import { watchRage } from './rage';
import type { Surroundings } from './surroundings';

/** Starts capturing; the answer reports what still waits for a pause, before the page goes. */
export function watch(around: Surroundings, options: CaptureOptions, keepQuery: readonly string[]): () => void {
  const { clicks, changes, submits, pages, frustration, untrusted = false } = options;
  const signals = clicks !== false && frustration !== false;
  const rage = signals && watchRage(around);
  const dead = signals && watchDeadClicks(around);
  const failures = signals && watchFailures(around);
  const { flush } = changes !== false ? captureChanges(around) : { flush: () => {} };

  if (pages !== false) capturePages(around, keepQuery, () => dead && dead.navigated());
  if (clicks !== false) {
    captureClicks(around, untrusted, (click) => {
      if (failures) failures(click);
      if (rage) rage(click);
      if (dead) dead.clicked(click);
    });
  }
  if (submits !== false) captureSubmits(around, flush);
  return flush;
}
