/** Clicks, and the events that a click stands for by a `data-oa-event` of the page. */

import { closestAcross, labelOf } from './privacy';
import { controlOf, selectorOf } from './selector';
import { type Emit, originOf } from './surroundings';
import type { Scope } from '../scope';

export interface CapturedClick {
  /** Of the event that tells of it. */
  readonly id: string;
  readonly event: MouseEvent;
  /** The button, link or field that was meant. */
  readonly control: Element;
  readonly selector: string | undefined;
}

const EVENT_NAME = /^[\w.:-]{1,64}$/;

export function captureClicks(scope: Scope, emit: Emit, tell: (click: CapturedClick) => void): void {
  let forwardedTo: Element | undefined;

  scope.listen('click', (event: MouseEvent) => {
    const origin = originOf(event);
    if (!origin || !event.isTrusted) return;
    // A click on a label is repeated by the browser on the labelled field, at once: one click of the user's.
    if (origin === forwardedTo) return void (forwardedTo = undefined);
    const touched = controlOf(origin);
    const control = (forwardedTo = (touched as HTMLLabelElement).control ?? undefined) ?? touched;
    if (forwardedTo) scope.wait(0, () => (forwardedTo = undefined));

    const selector = selectorOf(control);
    const id = emit('click', selector, { tag: control.localName, text: labelOf(control) });
    const name = closestAcross(origin, '[data-oa-event]')?.getAttribute('data-oa-event') ?? '';
    if (EVENT_NAME.test(name)) emit(name, selector, { evidence: [id] });
    tell({ id, event, control, selector });
  });
}
