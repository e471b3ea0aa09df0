// What the pages of these tests load: the renderer alone, and how many errors it held back.
export { createRenderer } from '../../../sdk-js/src/render/renderer';
export { errorCount } from '../../../sdk-js/src/scope';
