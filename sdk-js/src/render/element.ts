/**
 * Makes elements from values. Text becomes text nodes and nothing else: no string is ever parsed as HTML, and no
 * `style` attribute is written, so that a strict content security policy and Trusted Types have nothing to refuse.
 */

type Attributes = Readonly<Record<string, string | null | undefined>>;

/** Builds one element; attributes that are null, undefined or empty are left out. */
export type Make = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes?: Attributes,
  ...children: (Node | string | null | undefined)[]
) => HTMLElementTagNameMap[K];

const SVG = 'http://www.w3.org/2000/svg';

export const ICONS = {
  close: 'M6 6l12 12M18 6L6 18',
  send: 'M12 19V5M6 11l6-6 6 6',
  spark: 'M12 3.5l2.1 6.4 6.4 2.1-6.4 2.1L12 20.5l-2.1-6.4L3.5 12l6.4-2.1z',
} as const;

export function maker(document: Document): Make {
  return (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
}

/** A decorative icon drawn with the colour of the text around it, so that forced colours reach it too. */
export function icon(document: Document, path: string): Element {
  const svg = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}
