/** The SDK without rendering: capture, transport and socket. */
export type * from './wire';
export type * from './render/contract';
