/**
 * What may leave the page: never what a user typed or chose, never the query of an address, and of visible text only the
 * labels of controls, cut short and with anything that looks like an address or a number of a person masked.
 */

export const IGNORED = '[data-oa-ignore]';
const MASKED = '[data-oa-mask]';
const MASK = '***';
/** Whose text says what it does. */
export const LABELLED = 'a,button,summary,[role=button],[role=link],[role=tab],[role=menuitem]';

/** Masks e-mail addresses and runs of five and more digits (cards, phones, accounts, also grouped), and cuts. */
export function maskText(text: string, most = 80): string {
  return text
    .slice(0, 1000)
    .replace(/[^\s/]+@[^\s/]+/g, MASK)
    .replace(/\+?\d([\s().-]{0,2}\d){4,}/g, MASK)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, most);
}

export const isIgnored = (element: Element): boolean => !!closestAcross(element, IGNORED);
export const isMasked = (element: Element): boolean => !!closestAcross(element, MASKED);

/** `closest` that also leaves shadow roots. */
export function closestAcross(element: Element, selector: string): Element | null {
  const found = element.closest(selector);
  if (found) return found;
  const root = element.getRootNode();
  return 'host' in root ? closestAcross((root as ShadowRoot).host, selector) : null;
}

/** The label of a button or link, masked; undefined for anything else, since its text may be data. */
export function labelOf(element: Element): string | undefined {
  if (!element.matches(LABELLED)) return undefined;
  if (isMasked(element) || element.querySelector(MASKED + ',[contenteditable]')) return MASK;
  return maskText(element.getAttribute('aria-label') || element.textContent || '') || undefined;
}

/**
 * An address without what a form or a mail may have put there: of the query only the values of the names in `keep`, of
 * the fragment only a route (`#/…`), no credentials, and the path masked.
 */
export function cleanUrl(href: string, keep: readonly string[] = []): string {
  const { origin, protocol, pathname, searchParams, hash } = new URL(href);
  const kept = [...searchParams].filter(([name]) => keep.includes(name));
  const query = kept.length ? `?${new URLSearchParams(kept)}` : '';
  const route = /^#!?\//.test(hash) ? cleanPath(hash.split('?')[0]!) : '';
  return (origin === 'null' ? `${protocol}//` : origin) + cleanPath(pathname) + query + route;
}

/** The page that the user is on, without what may differ from visit to visit. */
export const here = (): string => cleanUrl(location.href);

/** Masking must see `@` behind `%40`; what cannot be decoded stays as it is. */
function cleanPath(path: string): string {
  try {
    return encodeURI(maskText(decodeURIComponent(path), 600));
  } catch {
    return maskText(path, 600);
  }
}
