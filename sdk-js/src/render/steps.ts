/**
 * The checklist: steps a user ticks off alone, with a bar that shows how far one has come.
 */

import type { ChecklistItem } from './checklist';
import { make } from './element';
import type { Labels } from './labels';

/** Progress and steps; `ticked` is told after each change. */
export function buildSteps(items: readonly ChecklistItem[], labels: Labels, ticked: () => void): readonly HTMLElement[] {
  const count = make('span', { id: 'count' });
  const progress = make('progress', { max: `${items.length}`, 'aria-labelledby': 'count' });
  const boxes = items.map(({ done }) => make('input', { type: 'checkbox', checked: done ? 'checked' : null }));
  const steps = boxes.map((box, index) => make('li', {}, make('label', {}, box, make('span', {}, items[index]!.text))));
  const list = make('ul', { role: 'list' }, ...steps);
  const update = (): void => {
    progress.value = boxes.filter((box) => box.checked).length;
    count.textContent = labels.progress(progress.value, items.length);
  };
  list.addEventListener('change', () => {
    update();
    ticked();
  });
  update();
  return [make('div.progress', {}, progress, count), list];
}
