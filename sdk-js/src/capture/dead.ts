/** Watches clicks on what looks clickable for those after which nothing happens at all. */

import type { CapturedClick } from './clicks';
import { ANSWERS, isAnswer } from './frustration';
import { IGNORED, LABELLED } from './privacy';
import { FIELDS } from './selector';
import type { Emit } from './surroundings';
import type { Scope } from '../scope';

interface Suspect {
  readonly ids: string[];
  readonly at: number;
  readonly control: Element;
}

const CLICKABLE = LABELLED + ',[onclick],[role=switch],[role=option],input';
/** What may well answer in ways that the page does not show: links, fields, players and drawings. */
const EXCEPTED = FIELDS + ',a[href],[role=link],input[type=checkbox],input[type=radio],select,label,canvas,video,audio';
/** From pressing to letting go; what opened at the press answers the click. */
const PRESS_MS = 1000;
const WATCHED = { subtree: true, childList: true, attributes: true, characterData: true };

export function watchDeadClicks(scope: Scope, emit: Emit): (click: CapturedClick) => void {
  const suspects = new Set<Suspect>();
  let pressedAt = Infinity;
  let changedAt = 0;

  const answer = (kind: keyof typeof ANSWERS): void => {
    for (const suspect of suspects) if (isAnswer(kind, performance.now() - suspect.at)) suspects.delete(suspect);
  };
  const notice = (records: MutationRecord[]): void => {
    if (!records.some(isOfPage)) return;
    changedAt = performance.now();
    answer('mutation');
  };
  const observer = scope.observer(MutationObserver, notice);
  // Observing costs the page something, so it lasts only while an answer is awaited.
  const observe = (ms: number, then: () => void): void => {
    observer.observe(document, WATCHED);
    scope.wait(ms, () => {
      then();
      if (!suspects.size) observer.disconnect();
    });
  };

  scope.listen('pointerdown', () => {
    pressedAt = performance.now();
    observe(PRESS_MS, () => (pressedAt = Infinity));
  });
  scope.listen('scroll', () => answer('scroll'));
  scope.listen('selectionchange', () => getSelection()?.isCollapsed || answer('selection'));
  scope.listen('focusin blur', () => answer('focus'));
  scope.listen('beforeunload visibilitychange', () => answer('navigation'));

  return ({ id, event, control, selector }) => {
    for (const suspect of suspects) if (suspect.control === control) return void suspect.ids.push(id);
    if (changedAt >= pressedAt || hasModifier(event) || !looksClickable(control)) return;
    const { href } = location;
    const ids = [id];
    const suspect = { ids, at: performance.now(), control };
    suspects.add(suspect);
    observe(ANSWERS.mutation, () => {
      // A router may have changed the address alone.
      if (suspects.delete(suspect) && location.href === href) emit('dead_click', selector, { count: ids.length, evidence: ids });
    });
  };
}

export const looksClickable = (control: Element): boolean =>
  !control.closest(EXCEPTED) && (control.matches(CLICKABLE) || getComputedStyle(control).cursor === 'pointer');

const hasModifier = (event: MouseEvent): boolean => event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;

/** What happens in ignored parts, our own surfaces among them, is no answer of the page's. */
function isOfPage({ target, addedNodes, removedNodes }: MutationRecord): boolean {
  const isOurs = (node: Node): boolean => node instanceof Element && node.matches(IGNORED);
  const nodes = [...addedNodes, ...removedNodes];
  const element = target instanceof Element ? target : target.parentElement;
  return !element?.closest(IGNORED) && !(nodes[0] && nodes.every(isOurs));
}
