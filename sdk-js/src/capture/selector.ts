/**
 * A selector that finds an element again after a re-render: ids and test ids first, then names and roles, positions last.
 * It is checked to match that element alone. " >>> " steps into an open shadow root.
 */

import { LABELLED, isMasked, maskText } from './privacy';

const TEST_IDS = ['data-testid', 'data-test-id', 'data-test', 'data-cy', 'data-qa'];
const NAMES = ['name', 'aria-label', 'for', 'href', 'role', 'type'];
/** The longest that the API takes. */
const MAX_LENGTH = 512;

/** Where text is typed, or a value set otherwise. */
export const FIELDS =
  'textarea,[contenteditable],input:not([type=button],[type=submit],[type=reset],[type=image],[type=checkbox],[type=radio])';

/** What a control is made of, such as an icon, stands for the control. */
export const CONTROL =
  LABELLED + ',input,select,textarea,label,option,[onclick],[role=checkbox],[role=radio],[role=switch],[role=option]';

export const controlOf = (element: Element): Element => element.closest(CONTROL) ?? element;

export function selectorOf(element: Element): string | undefined {
  const root = element.getRootNode() as Document | ShadowRoot;
  const outside = 'host' in root ? `${selectorOf(root.host)} >>> ` : '';
  const selector = outside + within(element, root);
  return selector.length <= MAX_LENGTH ? selector : undefined;
}

function within(element: Element, root: ParentNode): string {
  const isOnly = (selector: string): boolean => {
    const found = root.querySelectorAll(selector);
    return found.length === 1 && found[0] === element;
  };
  const own = [...marksOf(element), element.localName];
  let path = '';
  for (let node: Element | null = element; node; node = node.parentElement) {
    const anchors = node === element ? [] : marksOf(node).map((mark) => `${mark} `);
    const candidates = path ? anchors.flatMap((anchor) => [...own.map((mark) => anchor + mark), anchor + path]) : own;
    const found = candidates.find(isOnly);
    if (found) return found;
    path = `>${position(node)}${path}`;
  }
  return path.slice(1);
}

/** Marks that were put there to be found by, then those that say what the element is for: the first, and all together. */
function marksOf(element: Element): string[] {
  const has = (name: string): string[] => {
    const value = element.getAttribute(name);
    return value && isLasting(value) ? [`[${name}="${value.replace(/["\\]/g, '\\$&')}"]`] : [];
  };
  const id = has('id').map((mark) => (/^[a-z][\w-]*$/i.test(element.id) ? `#${element.id}` : mark));
  const names = isMasked(element) ? [] : NAMES.flatMap(has);
  const weak = new Set([...names.slice(0, 1), names.join('')]);
  return [...id, ...TEST_IDS.flatMap(has), ...[...weak].filter(Boolean).map((mark) => element.localName + mark)];
}

/** Generated names change with every render or build, and long or personal ones are not ours to tell. */
export const isLasting = (value: string): boolean =>
  value.length <= 64 && !/\d{4}|[:«?#\n]|\d[a-z]+\d+[a-z]|^[\da-f-]{12,}$/i.test(value) && maskText(value) === value;

function position(element: Element): string {
  const tag = element.localName;
  const alike = [...(element.parentNode?.children ?? [])].filter((sibling) => sibling.localName === tag);
  return alike.length > 1 ? `${tag}:nth-of-type(${alike.indexOf(element) + 1})` : tag;
}
