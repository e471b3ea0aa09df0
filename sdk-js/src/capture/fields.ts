/** Changes of fields, submits, and submits that the browser refused; of fields only what kind they are, never a value. */

import { maskText } from './privacy';
import { selectorOf } from './selector';
import { type Emit, originOf } from './surroundings';
import type { Scope } from '../scope';

type Field = HTMLInputElement;

/** A pause in typing that ends a change; milliseconds. */
const PAUSE_MS = 1000;
/** An `invalid` later than this after a click or Enter is a page that checks its fields, not a user who submits. */
const ATTEMPT_MS = 1000;
const MAX_FIELDS = 20;

/** The answer reports the changes that still wait for a pause. */
export function captureChanges(scope: Scope, emit: Emit): () => void {
  /** Fields being changed, and what cancels their pause. */
  const waiting = new Map<Field, () => void>();
  /** Fields whose change was told at a pause: their own `change`, when they are left, is the same one. */
  const told = new WeakSet<Field>();

  const stop = (field: Field): void => {
    waiting.get(field)?.();
    waiting.delete(field);
  };
  const tell = (field: Field): void => {
    stop(field);
    emit('change', selectorOf(field), { type: field.type, field: nameOf(field), form: formOf(field) });
  };
  scope.listen('input change', (event) => {
    const field = originOf<Field>(event);
    if (!field) return;
    if (event.type === 'change') {
      if (!told.delete(field)) tell(field);
      return;
    }
    told.delete(field);
    stop(field);
    waiting.set(field, scope.wait(PAUSE_MS, () => (told.add(field), tell(field))));
  });
  return () => [...waiting.keys()].forEach(tell);
}

export function captureSubmits(scope: Scope, emit: Emit, flushChanges: () => void): void {
  let actedAt = -ATTEMPT_MS;
  let bad: Field[] = [];

  scope.listen('submit', (event) => {
    const form = originOf(event);
    if (!form) return;
    flushChanges();
    const selector = selectorOf(form);
    emit('submit', selector, { form: selector });
  });
  scope.listen('click keydown', (event) => {
    if (((event as KeyboardEvent).key ?? 'Enter') === 'Enter') actedAt = event.timeStamp;
  });
  const report = (): void => {
    const [first] = bad;
    const fields = bad.slice(0, MAX_FIELDS).map((field) => ({ field: nameOf(field), reason: reasonOf(field) }));
    flushChanges();
    emit('submit_failed', selectorOf(first!), { form: formOf(first!), count: bad.length, fields });
    bad = [];
  };
  scope.listen('invalid', (event) => {
    const field = originOf<Field>(event);
    if (!field || event.timeStamp - actedAt > ATTEMPT_MS) return;
    // Every bad field of one attempt fires in the same task.
    if (bad.push(field) < 2) scope.wait(0, report);
  });
}

const nameOf = ({ name, id }: Field): string => maskText(name || id || '');

/** Null says that there is none. */
const formOf = ({ form }: Field): string | null => (form && selectorOf(form)) ?? null;

/** Which rule the browser found broken, such as `valueMissing`. */
function reasonOf({ validity }: Field): string | undefined {
  for (const reason in validity) if (validity[reason as keyof ValidityState]) return reason;
  return undefined;
}
