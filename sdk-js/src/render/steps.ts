/**
 * The checklist: steps a user ticks off alone, with a bar that shows how far one has come.
 */

import type { ChecklistItem } from './checklist';
import { maker } from './element';
import type { Labels } from './labels';

/** Progress and steps; `ticked` hears how many are done after each change. */
export function buildSteps(
  document: Document,
  items: readonly ChecklistItem[],
  labels: Labels,
  ticked: (done: number) => void,
): readonly HTMLElement[] {
  const make = maker(document);
  const fill = make('span', { class: 'fill' });
  const count = make('span', {});
  const boxes = items.map((item) => buildBox(document, item));
  const update = (): number => {
    const done = boxes.filter((box) => box.checked).length;
    count.textContent = labels.progress(done, boxes.length);
    fill.style.width = `${(100 * done) / boxes.length}%`;
    return done;
  };
  const steps = boxes.map((box, index) => make('li', {}, make('label', {}, box, make('span', {}, items[index]!.text))));
  const list = make('ul', { class: 'steps', role: 'list' }, ...steps);
  list.addEventListener('change', () => ticked(update()));
  update();
  const bar = make('span', { class: 'bar', 'aria-hidden': 'true' }, fill);
  return [make('div', { class: 'progress' }, bar, count), list];
}

function buildBox(document: Document, item: ChecklistItem): HTMLInputElement {
  const box = maker(document)('input', { type: 'checkbox' });
  box.checked = item.done;
  return box;
}
