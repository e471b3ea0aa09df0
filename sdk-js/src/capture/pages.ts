/** Page views, those of single-page routers too, and whether the page can be seen. */

import { cleanUrl } from './privacy';
import type { Surroundings } from './surroundings';

export function capturePages({ scope, view, emit }: Surroundings, keep: readonly string[], navigated: () => void): void {
  const { document, history, location } = view;
  let last = '';
  /** Routers also write where the page was scrolled to, and the like: only another address is another page. */
  const look = scope.guard((trigger: string) => {
    const url = cleanUrl(location.href, keep);
    if (url === last || !scope.alive()) return;
    last = url;
    navigated();
    emit('page_view', undefined, { trigger });
  });

  for (const name of ['pushState', 'replaceState']) {
    scope.wrap(history, name, (original) => function (this: unknown, ...args) {
      const result = original.apply(this, args);
      look(name);
      return result;
    });
  }
  scope.listen(view, 'popstate hashchange', ({ type }) => look(type));
  // Which of the two comes last when a page goes differs between browsers, and some send only one.
  let hidden = false;
  const see = (now: boolean): void => {
    if (hidden !== now) emit((hidden = now) ? 'page_hidden' : 'page_visible');
  };
  scope.listen(view, 'pagehide', () => see(true));
  scope.listen(view, 'visibilitychange pageshow', () => see(document.visibilityState === 'hidden'));
  look('load');
}
