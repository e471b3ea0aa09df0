/** The npm entry: the SDK with rendering. */
export { createRenderer } from './render/renderer';
export type * from './render/contract';
export type * from './wire';
