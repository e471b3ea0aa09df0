/**
 * The buttons under a nudge. A link is a real link, so that middle click, copy and screen readers treat it as one.
 */

import type { NudgeAction } from '../wire';
import { make } from './element';
import { safeUrl } from './safeurl';

/** The row of buttons, or null when none is usable: links that must not be followed are left out. */
export function buildActions(actions: readonly NudgeAction[], choose: (action: NudgeAction) => void): HTMLElement | null {
  const buttons = actions.flatMap((action) => {
    const button = buildAction(action);
    button?.addEventListener('click', () => choose(action));
    return button ?? [];
  });
  buttons.find((button) => button.matches('.quiet'))?.classList.add('strong');
  return buttons.length ? make('div.foot', {}, ...buttons) : null;
}

function buildAction({ kind, label, url }: NudgeAction): HTMLElement | null {
  if (kind !== 'link') return make(kind === 'chat' ? 'button.button.quiet' : 'button.button.plain', {}, label);
  const link = safeUrl(url);
  // Links that leave the product open beside it. `mailto:` has no host, and opens no page.
  const away = link?.host && link.host !== location.host;
  return link && make('a.button.quiet', { href: link.href, target: away && '_blank' }, label);
}
