/** Watches clicks for rage: the same place again and again, as only somebody does whom the page does not answer. */

import type { CapturedClick } from './clicks';
import { type Click, extendRun, isRage } from './frustration';
import { labelOf } from './privacy';
import { FIELDS } from './selector';
import type { Emit } from './surroundings';
import type { Scope } from '../scope';

/** Where many quick clicks are meant: text, steppers, calendars. */
const REPEATABLE =
  FIELDS + ',[role=textbox],[role=spinbutton],[role=slider],[role=grid],[class*=calendar i],[class*=picker i],[class*=stepper i]';
/** Labels of steppers and of next and previous; the label is all that tells them from other buttons. */
const STEPPING = /^(next|prev|(in|de)cre|plus|minus|more|less|[-+−<>‹›«»←-↓])/i;

export function watchRage(scope: Scope, emit: Emit): (click: CapturedClick) => void {
  let run: readonly Click[] = [];
  let disturbedAt = 0;
  scope.listen('scroll selectionchange', (event) => {
    if (event.type === 'scroll' || !getSelection()?.isCollapsed) disturbedAt = event.timeStamp;
  });
  return ({ id, event, control, selector }) => {
    if (isRepeatable(control)) return;
    const { timeStamp: at, x, y } = event;
    run = extendRun(run, { id, at, x, y, target: control }, disturbedAt);
    if (isRage(run)) emit('rage_click', selector, { count: run.length, evidence: run.map((click) => click.id) });
  };
}

export const isRepeatable = (control: Element): boolean =>
  !!control.closest(REPEATABLE) || STEPPING.test(labelOf(control) ?? '');
