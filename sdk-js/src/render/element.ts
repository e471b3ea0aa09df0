/**
 * Makes elements from values. Text becomes text nodes and nothing else: no string is ever parsed as HTML, and no
 * `style` attribute is written, so that a strict content security policy and Trusted Types have nothing to refuse.
 */

type Attributes = Readonly<Record<string, string | null | undefined>>;

/** Builds one element; attributes that are null, undefined or empty, and children that are missing, are left out. */
export type Make = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes?: Attributes,
  ...children: (Node | string | null | undefined)[]
) => HTMLElementTagNameMap[K];

export function maker(document: Document): Make {
  return (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value) element.setAttribute(name, value);
    element.append(...children.filter((child) => child != null));
    return element;
  };
}
