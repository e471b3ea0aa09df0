/** The script-tag entry: puts the global `OnboardingAgent` on the page. */
import * as api from './index';

(globalThis as { OnboardingAgent?: unknown }).OnboardingAgent = api;
