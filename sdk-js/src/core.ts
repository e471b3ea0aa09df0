/** The npm entry without rendering: capture and transport alone. */

import { createApi } from './api';

export const { init, track, identify, reset, optOut, optIn, setTheme, getState, shutdown } = createApi();
export type { OnboardingAgent } from './api';
export type { State } from './client';
export type { User } from './identity';
export type { Options } from './options';
export type * from './wire';
