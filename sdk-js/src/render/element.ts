/**
 * Makes elements from values. Text becomes text nodes and nothing else: no string is ever parsed as HTML, and no
 * `style` attribute is written, so that a strict content security policy and Trusted Types have nothing to refuse.
 */

type Tags = HTMLElementTagNameMap;
type Attributes = Readonly<Record<string, string | false | null | undefined>>;

/**
 * Builds one element, such as `make('div.main', {}, 'Hello')`; attributes that are null, undefined, false or empty, and children
 * that are missing, are left out.
 */
export function make<K extends keyof Tags>(
  kind: K | `${K}.${string}`,
  attributes: Attributes = {},
  ...children: (Node | string | null | undefined)[]
): Tags[K] {
  const [tag, ...classes] = kind.split('.');
  const element = document.createElement(tag as K);
  element.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes)) if (value) element.setAttribute(name, value);
  element.append(...children.filter((child) => child != null));
  return element;
}
