/**
 * A selector that finds an element again after a re-render: ids and test ids first, then names and roles, positions last.
 * It is checked to match that element alone. " >>> " steps into an open shadow root.
 */

import { isMasked, maskText } from './privacy';

const TEST_IDS = ['data-testid', 'data-test-id', 'data-test', 'data-cy', 'data-qa'];
const NAMES = ['name', 'aria-label', 'for', 'href', 'role', 'type'];
/** The longest that the API takes. */
const MAX_LENGTH = 512;
const MAX_ANCESTORS = 40;

/** What a control is made of, such as an icon, stands for the control. */
const CONTROL = 'a,button,input,select,textarea,summary,label,option,[role=button],[role=link],[role=tab],[role=menuitem],' +
  '[role=checkbox],[role=radio],[role=switch],[role=option],[onclick]';

export const controlOf = (element: Element): Element => element.closest(CONTROL) ?? element;

export function selectorOf(element: Element): string | undefined {
  const root = element.getRootNode();
  const outside = 'host' in root ? `${selectorOf((root as ShadowRoot).host)} >>> ` : '';
  const selector = outside + within(element, root as Document | ShadowRoot);
  return selector.length <= MAX_LENGTH ? selector : undefined;
}

function within(element: Element, root: Document | ShadowRoot): string {
  const isOnly = (selector: string): boolean => {
    const found = root.querySelectorAll(selector);
    return found.length === 1 && found[0] === element;
  };
  const own = [...strong(element), ...weak(element)];
  let path = '';
  for (let node: Element | null = element, depth = 0; node && depth < MAX_ANCESTORS; node = node.parentElement, depth++) {
    const anchors = node === element ? [''] : [...strong(node), ...weak(node)];
    const candidates = anchors.flatMap((anchor) => [...own.map((name) => (anchor && anchor + ' ') + name), ...(anchor && [anchor + path])]);
    const found = candidates.find(isOnly);
    if (found) return found;
    path = `>${position(node)}${path}`;
  }
  return path.slice(1);
}

/** Marks that were put there to be found by. */
function strong(element: Element): string[] {
  const id = element.id;
  const byId = /^[A-Za-z][\w-]*$/.test(id) && isLasting(id) ? [`#${id}`] : [];
  return [...byId, ...TEST_IDS.flatMap((name) => attribute(element, name))];
}

/** Marks that say what the element is for; the first that is there, then all together. */
function weak(element: Element): string[] {
  const tag = element.localName;
  const marks = isMasked(element) ? [] : NAMES.flatMap((name) => attribute(element, name));
  return [...marks.slice(0, 1), ...(marks.length > 1 ? [marks.join('')] : [])].map((mark) => tag + mark);
}

function attribute(element: Element, name: string): string[] {
  const value = element.getAttribute(name);
  return value && isLasting(value) ? [`[${name}="${value.replace(/["\\]/g, '\\$&')}"]`] : [];
}

/** Generated names change with every render or build, and long or personal ones are not ours to tell. */
export function isLasting(value: string): boolean {
  return value.length <= 64 && !/\d{4}|[:«»?#\n]|\d[a-z]+\d+[a-z]|^[\da-f-]{12,}$/i.test(value) && maskText(value) === value;
}

function position(element: Element): string {
  const tag = element.localName;
  const alike = [...(element.parentNode?.children ?? [])].filter((sibling) => sibling.localName === tag);
  return alike.length > 1 ? `${tag}:nth-of-type(${alike.indexOf(element) + 1})` : tag;
}
