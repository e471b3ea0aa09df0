/**
 * A checklist travels as plain text: lines that begin with "- " are steps ("- [x] " steps already done), the rest is
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

const STEP = /^\s*[-*•]\s+(?:\[([ x])\]\s+)?(\S.*)/i;

export function parseChecklist(body: string): ChecklistText {
  const items: ChecklistItem[] = [];
  const words = body.split('\n').filter((line) => {
    const [step, box, text] = STEP.exec(line) ?? [];
    if (text) items.push({ text: text.trim(), done: /x/i.test(box ?? '') });
    return !step;
  });
  return { intro: words.join('\n').trim(), items };
}
