/** Changes of fields, submits, and submits that the browser refused; of fields only what kind they are, never a value. */

import { isIgnored, isMasked, isSecret, maskText } from './privacy';
import { selectorOf } from './selector';
import { type Surroundings, originOf } from './surroundings';
import type { Properties } from '../wire';

type Field = HTMLInputElement;

/** A pause in typing that ends a change; milliseconds. */
const PAUSE_MS = 1000;
/** An `invalid` later than this after a click or Enter is a page that checks its fields, not a user who submits. */
const ATTEMPT_MS = 1000;
const MAX_FIELDS = 20;

export interface FieldWatch {
  /** Reports the changes that still wait for a pause. */
  readonly flush: () => void;
}

export function captureChanges({ scope, view, emit }: Surroundings): FieldWatch {
  /** Fields being changed, and what cancels their pause; a field that was told stays until its own `change`. */
  const waiting = new Map<Element, () => void>();
  let told = new WeakSet<Element>();

  const tell = (field: Element): void => {
    waiting.get(field)?.();
    waiting.delete(field);
    told.add(field);
    emit('change', selectorOf(field), describe(field as Field));
  };
  scope.listen(view, 'input change', (event) => {
    const field = originOf(event);
    if (!field || !isField(field) || isIgnored(field)) return;
    if (event.type === 'change') {
      if (waiting.has(field) || !told.has(field)) tell(field);
      return void told.delete(field);
    }
    told.delete(field);
    waiting.get(field)?.();
    waiting.set(field, scope.after(PAUSE_MS, () => tell(field)));
  });
  return { flush: () => [...waiting.keys()].forEach(tell) };
}

export function captureSubmits({ scope, view, emit }: Surroundings, flushChanges: () => void): void {
  let actedAt = -Infinity;
  let failed: { form: HTMLFormElement | null; fields: Field[] } | undefined;

  scope.listen(view, 'submit', (event) => {
    const form = originOf(event);
    if (!form || isIgnored(form)) return;
    flushChanges();
    const selector = selectorOf(form);
    emit('submit', selector, { form: selector ?? null });
  });
  scope.listen(view, 'click keydown', (event) => {
    if (event.type === 'click' || (event as KeyboardEvent).key === 'Enter') actedAt = event.timeStamp;
  });
  const report = (): void => {
    const { fields } = failed!;
    failed = undefined;
    const named = fields.slice(0, MAX_FIELDS).map((field) => ({ field: nameOf(field), reason: reasonOf(field) }));
    emit('submit_failed', selectorOf(fields[0]!), { form: formOf(fields[0]!), count: fields.length, fields: named });
  };
  scope.listen(view, 'invalid', (event) => {
    const field = originOf(event) as Field | undefined;
    if (!field || isIgnored(field) || event.timeStamp - actedAt > ATTEMPT_MS) return;
    // Every bad field of one attempt fires in the same task.
    if (failed?.form === field.form) return void failed!.fields.push(field);
    if (failed) report();
    flushChanges();
    failed = { form: field.form, fields: [field] };
    scope.after(0, () => failed && report());
  });
}

const isField = (element: Element): boolean =>
  element.matches('input,select,textarea') || (element as HTMLElement).isContentEditable === true;

function describe(field: Field): Properties {
  const plain = { tag: field.localName, type: field.type ?? 'text', field: nameOf(field), form: formOf(field) };
  if (isSecret(field) || isMasked(field)) return plain;
  const { validity, value } = field;
  return { ...plain, ...(validity && { valid: validity.valid }), ...(typeof value === 'string' && { empty: !value }) };
}

const nameOf = (field: Field): string | null => maskText(field.name || field.id || '', 64) || null;

/** Null says that there is none. */
const formOf = (field: Field): string | null => (field.form ? (selectorOf(field.form) ?? null) : null);

/** Which rule the browser found broken, such as `valueMissing`. */
function reasonOf({ validity }: Field): string {
  for (const reason in validity) if (reason !== 'valid' && validity[reason as keyof ValidityState]) return reason;
  return 'invalid';
}
