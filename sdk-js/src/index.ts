/** The npm entry: the SDK with rendering. */

import { createApi } from './api';
import { createRenderer } from './render/renderer';

export const { init, track, identify, reset, optOut, optIn, setTheme, getState, shutdown } = createApi(createRenderer);
export type { OnboardingAgent } from './api';
export type { State, User } from './client';
export type { CaptureOptions, Options } from './options';
export type * from './render/contract';
export type * from './wire';
