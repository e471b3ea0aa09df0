/** The npm entry without rendering: capture and transport alone. */

import { createApi } from './api';

export const { init, track, identify, reset, optOut, optIn, getState, shutdown } = createApi({});
export type { OnboardingAgent } from './api';
