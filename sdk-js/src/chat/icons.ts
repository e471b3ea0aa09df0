/** The chat's few drawings, as paths on a grid of 24; they take the colour of the text around them. */

const NAMESPACE = 'http://www.w3.org/2000/svg';
export const CHAT = 'M5 4.5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7L7 21v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-1.5zM8 9h8M8 12.5h5';
export const CLOSE = 'M6.5 6.5l11 11M17.5 6.5l-11 11';
export const SEND = 'M12 19.5V5M5.5 11.5L12 5l6.5 6.5';
export const STOP = 'M8 8h8v8H8z';
export const THUMB = 'M7 10v10H4V10zM7 10l4-6a2 2 0 0 1 2 3l-1 3h6a2 2 0 0 1 2 2l-1 6a2 2 0 0 1-2 2H7';

export function icon(shape: string): SVGElement {
  const drawing = document.createElementNS(NAMESPACE, 'svg');
  const path = document.createElementNS(NAMESPACE, 'path');
  drawing.setAttribute('viewBox', '0 0 24 24');
  drawing.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', shape);
  drawing.append(path);
  return drawing;
}
