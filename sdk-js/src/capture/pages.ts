/** Page views, those of single-page routers too, and whether the page can be seen. */

import { cleanUrl } from './privacy';
import type { Emit } from './surroundings';
import { type Scope, guard } from '../scope';
import { wrap } from './wrap';

export function capturePages(scope: Scope, emit: Emit, keepQuery: readonly string[] | undefined): void {
  let last = '';
  let hidden = false;
  /** Routers also write where the page was scrolled to, and the like: only another address is another page. */
  const look = guard(() => {
    const url = cleanUrl(location.href, keepQuery);
    if (url === last) return;
    last = url;
    emit('page_view');
  });

  for (const name of ['pushState', 'replaceState'] as const) {
    wrap(scope, history, name, (original) => function (this: unknown, ...args) {
      const result = original.apply(this, args);
      look();
      return result;
    });
  }
  scope.listen('popstate', look);
  // Which of the two comes last when a page goes differs between browsers, and some send only one.
  scope.listen('visibilitychange pagehide pageshow', ({ type }) => {
    const now = type === 'pagehide' || document.visibilityState === 'hidden';
    if (hidden !== now) emit((hidden = now) ? 'page_hidden' : 'page_visible');
  });
  look();
}
