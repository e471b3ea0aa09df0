/**
 * The buttons under a nudge. A link is a real link, so that middle click, copy and screen readers treat it as one.
 */

import type { NudgeAction } from '../wire';
import type { Make } from './element';
import { safeUrl } from './safeurl';

/** The row of buttons, or null when none is usable: links that must not be followed are left out. */
export function buildActions(
  make: Make,
  actions: readonly NudgeAction[],
  base: string,
  choose: (action: NudgeAction) => void,
): HTMLElement | null {
  const buttons = actions.flatMap((action) => {
    const button = buildAction(make, action, base);
    button?.addEventListener('click', () => choose(action));
    return button ?? [];
  });
  buttons.find((button) => button.matches('.quiet'))?.classList.add('strong');
  return buttons.length ? make('div', { class: 'foot' }, ...buttons) : null;
}

function buildAction(make: Make, { kind, label, url }: NudgeAction, base: string): HTMLElement | null {
  if (kind !== 'link') return make('button', { type: 'button', class: kind === 'chat' ? 'button quiet' : 'button plain' }, label);
  const link = safeUrl(url, base);
  // Links that leave the product open beside it. `mailto:` has no host, and opens no page.
  const away = link?.host && link.host !== new URL(base).host;
  return link && make('a', { class: 'button quiet', href: link.href, target: away ? '_blank' : null, rel: 'noopener' }, label);
}
