/**
 * The buttons under a nudge. A link is a real link, so that middle click, copy and screen readers treat it as one.
 */

import type { NudgeAction } from '../wire';
import { maker } from './element';
import { leavesSite, safeUrl } from './safeurl';

/** More would be a menu. */
const MAX_ACTIONS = 4;

/** The row of buttons, or null when none is usable: links that must not be followed are left out. */
export function buildActions(
  document: Document,
  actions: readonly NudgeAction[],
  choose: (action: NudgeAction) => void,
): HTMLElement | null {
  const buttons = actions.slice(0, MAX_ACTIONS).flatMap((action) => {
    const button = buildAction(document, action);
    button?.addEventListener('click', () => choose(action));
    return button ? [button] : [];
  });
  const leading = buttons.find((button) => !button.classList.contains('plain'));
  leading?.classList.add('strong');
  return buttons.length ? maker(document)('div', { class: 'foot' }, ...buttons) : null;
}

function buildAction(document: Document, action: NudgeAction): HTMLElement | null {
  const make = maker(document);
  if (!action.label) return null;
  if (action.kind !== 'link') {
    const plain = action.kind === 'chat' ? 'quiet' : 'plain';
    return make('button', { type: 'button', class: `button ${plain}` }, action.label);
  }
  const href = safeUrl(action.url, document.baseURI);
  if (!href) return null;
  const away = leavesSite(href, document.baseURI);
  const attributes = { href, target: away ? '_blank' : null, rel: 'noopener' };
  return make('a', { class: 'button quiet', ...attributes }, action.label);
}
