/** Watches clicks on what looks clickable for those after which nothing happens at all. */

import type { CapturedClick } from './clicks';
import { REACTIONS, type Reaction, type Seen, isDead } from './frustration';
import { IGNORED } from './privacy';
import type { Surroundings } from './surroundings';

interface Suspect {
  readonly ids: string[];
  readonly at: number;
  readonly control: Element;
  readonly seen: { -readonly [kind in keyof Seen]: Seen[kind] };
}

const CLICKABLE =
  'button,summary,[onclick],[role=button],[role=tab],[role=menuitem],[role=switch],[role=option],' +
  'input[type=button],input[type=submit],input[type=reset],input[type=image]';
/** What may well answer in ways that the page does not show: links, fields, players and drawings. */
const EXCEPTED =
  'a[href],input:not([type=button],[type=submit],[type=reset],[type=image]),textarea,select,option,label,[contenteditable],canvas,video,audio';
/** From pressing to letting go; what opened at the press answers the click. */
const PRESS_MS = 1000;

export interface DeadClickWatch {
  readonly clicked: (click: CapturedClick) => void;
  /** The route changed. */
  readonly navigated: () => void;
}

export function watchDeadClicks({ scope, view, emit }: Surroundings): DeadClickWatch {
  const { document } = view;
  const suspects = new Set<Suspect>();
  let pressedAt = -1;
  let changedAt = -1;

  const note = (kind: Reaction): void => {
    for (const { seen } of suspects) seen[kind] ??= view.performance.now();
  };
  const observer = new MutationObserver(scope.guard((records: MutationRecord[]) => {
    if (!records.some(isOfPage)) return;
    changedAt = view.performance.now();
    note('mutation');
  }));
  // Observing costs the page something, so it lasts only while an answer is awaited.
  const observe = (): void => observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  const rest = (): void => {
    if (!suspects.size && view.performance.now() - pressedAt >= PRESS_MS) observer.disconnect();
  };
  const judge = (suspect: Suspect, selector: string | undefined): void => {
    suspects.delete(suspect);
    rest();
    if (!isDead(suspect.at, suspect.seen)) return;
    emit('dead_click', selector, { count: suspect.ids.length, evidence: suspect.ids, waited_ms: REACTIONS.mutation });
  };

  scope.own(() => observer.disconnect());
  scope.listen(view, 'pointerdown', () => {
    pressedAt = view.performance.now();
    observe();
    scope.after(PRESS_MS + 1, rest);
  });
  scope.listen(view, 'scroll', () => note('scroll'));
  scope.listen(document, 'selectionchange', () => view.getSelection()?.isCollapsed || note('selection'));
  scope.listen(view, 'focusin blur', () => note('focus'));
  scope.listen(view, 'beforeunload pagehide popstate hashchange visibilitychange', () => note('navigation'));

  return {
    navigated: () => note('navigation'),
    clicked({ id, event, control, selector }) {
      const at = view.performance.now();
      const answered = changedAt >= pressedAt && at - pressedAt <= PRESS_MS;
      const again = [...suspects].find((suspect) => suspect.control === control);
      if (again) again.ids.push(id);
      else if (!answered && !hasModifier(event) && looksClickable(control, view)) {
        const suspect = { ids: [id], at, control, seen: {} };
        suspects.add(suspect);
        observe();
        scope.after(REACTIONS.mutation + 50, () => judge(suspect, selector));
      }
    },
  };
}

export const looksClickable = (control: Element, view: Window): boolean =>
  !control.closest(EXCEPTED) && (control.matches(CLICKABLE) || view.getComputedStyle(control).cursor === 'pointer');

const hasModifier = (event: MouseEvent): boolean => event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;

/** What happens in ignored parts, our own surfaces among them, is no answer of the page's. */
function isOfPage({ target, addedNodes, removedNodes }: MutationRecord): boolean {
  const element = target instanceof Element ? target : target.parentElement;
  if (element?.closest(IGNORED)) return false;
  const nodes = [...addedNodes, ...removedNodes];
  return !nodes.length || nodes.some((node) => !(node instanceof Element && node.matches(IGNORED)));
}
