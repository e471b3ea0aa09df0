/** The script-tag entry: puts the global `OnboardingAgent` on the page, and starts it when the tag names a key. */

import { createApi } from './api';
import { optionsOf } from './options';
import { deliverWith } from './delivery';
import { createRenderer } from './render/renderer';

const page = window as Window & { OnboardingAgent?: ReturnType<typeof createApi> };
const tag = document.currentScript;

if (!page.OnboardingAgent) {
  page.OnboardingAgent = createApi(deliverWith(createRenderer));
  const options = tag instanceof HTMLScriptElement ? optionsOf(tag) : undefined;
  if (options) page.OnboardingAgent.init(options);
}
