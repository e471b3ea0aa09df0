/**
 * A checklist travels as plain text: lines that begin with "- " (or "* ", "• ", "1. ", "[ ] ") are steps, the rest is
 * the words around them.
 */

export interface ChecklistItem {
  readonly text: string;
  readonly done: boolean;
}

export interface ChecklistText {
  readonly intro: string;
  readonly items: readonly ChecklistItem[];
}

/** More than these would be a manual, not a nudge. */
export const MAX_ITEMS = 12;

const STEP = /^\s*(?:(?:[-*•–]|\d{1,2}[.)])\s+)?(?:\[([ xX])\]\s+)?/;
const MARKED = /^\s*(?:[-*•–]\s+|\d{1,2}[.)]\s+|\[[ xX]\]\s+)\S/;

/** Splits a body into its steps and the text around them; "[x]" marks a step that is already done. */
export function parseChecklist(body: string): ChecklistText {
  const lines = body.split(/\r?\n/);
  const items = lines.filter((line) => MARKED.test(line)).slice(0, MAX_ITEMS).map(toItem);
  const intro = lines.filter((line) => !MARKED.test(line)).join('\n').trim();
  return { intro, items };
}

function toItem(line: string): ChecklistItem {
  const box = STEP.exec(line)?.[1];
  return { text: line.replace(STEP, '').trim(), done: box === 'x' || box === 'X' };
}
