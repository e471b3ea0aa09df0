/**
 * The buttons under a nudge. A link is a real link, so that middle click, copy and screen readers treat it as one.
 */

import type { NudgeAction } from '../wire';
import { maker } from './element';
import type { Labels } from './labels';
import { leavesSite, safeUrl } from './safeurl';

/** More would be a menu. */
const MAX_ACTIONS = 4;

/** The row of buttons, or null when none is usable: links that must not be followed are left out. */
export function buildActions(
  document: Document,
  actions: readonly NudgeAction[],
  labels: Labels,
  choose: (action: NudgeAction) => void,
): HTMLElement | null {
  const buttons = actions.slice(0, MAX_ACTIONS).flatMap((action) => {
    const button = buildAction(document, action, labels);
    button?.addEventListener('click', () => choose(action));
    return button ? [button] : [];
  });
  const leading = buttons.find((button) => !button.classList.contains('plain'));
  leading?.classList.add('main-action');
  return buttons.length ? maker(document)('div', { class: 'foot' }, ...buttons) : null;
}

function buildAction(document: Document, action: NudgeAction, labels: Labels): HTMLElement | null {
  const make = maker(document);
  if (!action.label) return null;
  if (action.kind !== 'link') {
    const plain = action.kind === 'chat' ? 'quiet' : 'plain';
    return make('button', { type: 'button', class: `button ${plain}` }, action.label);
  }
  const href = safeUrl(action.url, document.baseURI);
  if (!href) return null;
  const away = leavesSite(href, document.baseURI);
  const attributes = { href, target: away ? '_blank' : null, rel: away ? 'noopener noreferrer' : null };
  const note = away ? `${action.label} (${labels.newTab})` : null;
  return make('a', { class: 'button quiet', 'aria-label': note, ...attributes }, action.label);
}
