/** Watches clicks for rage: the same place again and again, as only somebody does whom the page does not answer. */

import type { CapturedClick } from './clicks';
import { type Click, extendRun, isRage } from './frustration';
import { labelOf } from './privacy';
import type { Surroundings } from './surroundings';

/** Where many quick clicks are meant: text, steppers, calendars. */
const REPEATABLE =
  'textarea,[contenteditable],input:not([type=button],[type=submit],[type=reset],[type=image],[type=checkbox],[type=radio]),' +
  '[role=textbox],[role=searchbox],[role=spinbutton],[role=slider],[role=grid],[role=gridcell],[class*=calendar i],' +
  '[class*=datepicker i],[class*=stepper i]';
/** Labels of steppers and of next and previous; the label is all that tells them from other buttons. */
const STEPPING = /^(next|prev|previous|back|forward|older|newer|increase|decrease|increment|decrement|plus|minus|more|less|[-+−–<>‹›«»←→↑↓▲▼◀▶])(\b|$)/i;

export function watchRage({ scope, view, emit }: Surroundings): (click: CapturedClick) => void {
  let run: readonly Click[] = [];
  let disturbedAt = -1;
  scope.listen(view, 'scroll selectionchange', (event) => {
    if (event.type === 'scroll' || !view.getSelection()?.isCollapsed) disturbedAt = event.timeStamp;
  });
  return ({ id, event, control, selector }) => {
    if (isRepeatable(control)) return void (run = []);
    run = extendRun(run, { id, at: event.timeStamp, x: event.clientX, y: event.clientY, target: control }, disturbedAt);
    if (isRage(run)) emit('rage_click', selector, { count: run.length, evidence: run.map((click) => click.id) });
  };
}

export const isRepeatable = (control: Element): boolean =>
  !!control.closest(REPEATABLE) || STEPPING.test(labelOf(control) ?? '');
