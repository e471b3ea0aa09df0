/** The npm entry: the SDK with rendering. */

import { createApi } from './api';
import { watchSignals } from './capture/signals';
import { deliverWith } from './delivery';
import { createRenderer } from './render/renderer';

export const { init, track, identify, reset, optOut, optIn, setTheme, openChat, mountChat, getState, shutdown } = createApi({
  signals: watchSignals(),
  deliver: deliverWith(createRenderer),
});
export type { OnboardingAgent } from './api';
export type { State } from './client';
export type { User } from './identity';
export type { ChatOptions, Options } from './options';
export type { Theme } from './render/contract';
export type * from './wire';
