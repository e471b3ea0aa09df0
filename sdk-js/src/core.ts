/** The npm entry without rendering: capture and transport alone. */

import { createApi } from './api';

export const { init, track, identify, reset, optOut, optIn, setTheme, getState, shutdown } = createApi();
export type { OnboardingAgent } from './api';
export type { State, User } from './client';
export type { CaptureOptions, Options } from './options';
export type * from './wire';
