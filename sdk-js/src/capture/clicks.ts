/** Clicks, and the events that a click stands for by a `data-oa-event` of the page. */

import { closestAcross, isIgnored, labelOf } from './privacy';
import { controlOf, selectorOf } from './selector';
import { type Surroundings, originOf } from './surroundings';

export interface CapturedClick {
  /** Of the event that tells of it. */
  readonly id: string;
  readonly event: MouseEvent;
  /** The button, link or field that was meant. */
  readonly control: Element;
  readonly selector: string | undefined;
}

const EVENT_NAME = /^[\w.:-]{1,64}$/;

export function captureClicks({ scope, view, emit }: Surroundings, untrusted: boolean, tell: (click: CapturedClick) => void): void {
  let forwardedTo: Element | undefined;

  scope.listen(view, 'click', (event: MouseEvent) => {
    const origin = originOf(event);
    if (!origin || isIgnored(origin) || !(event.isTrusted || untrusted)) return;
    const control = targetOf(origin);
    // A click on a label is repeated by the browser on the labelled field, at once: one click of the user's.
    if (control === forwardedTo && origin === control) return void (forwardedTo = undefined);
    if (control !== controlOf(origin)) {
      forwardedTo = control;
      scope.after(0, () => (forwardedTo = undefined));
    }
    const selector = selectorOf(control);
    const id = emit('click', selector, describe(control));
    const name = closestAcross(origin, '[data-oa-event]')?.getAttribute('data-oa-event') ?? '';
    if (EVENT_NAME.test(name)) emit(name, selector, { evidence: [id] });
    tell({ id, event, control, selector });
  });
}

function targetOf(origin: Element): Element {
  const control = controlOf(origin);
  return (control as HTMLLabelElement).control ?? control;
}

const describe = (control: Element): Record<string, string> => {
  const text = labelOf(control);
  const role = control.getAttribute('role');
  return { tag: control.localName, ...(role && { role }), ...(text && { text }) };
};
