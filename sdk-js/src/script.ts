/** The script-tag entry: puts the global `OnboardingAgent` on the page, and starts it when the tag names a key. */

import { createApi } from './api';
import { watchSignals } from './capture/signals';
import { deliverWith } from './delivery';
import { optionsOf } from './options';
import { createRenderer } from './render/renderer';

const page = window as Window & { OnboardingAgent?: ReturnType<typeof createApi> };
const tag = document.currentScript as HTMLScriptElement | null;

/**
 * A script from elsewhere without `crossorigin`: browsers hide the errors of whatever it calls. A request that the page
 * makes through us would then fail unseen by the page's own error reporting, so requests are left alone.
 */
const isMuted = !!tag?.src && tag.crossOrigin === null && new URL(tag.src).origin !== location.origin;

if (!page.OnboardingAgent) {
  page.OnboardingAgent = createApi({ signals: watchSignals(!isMuted), deliver: deliverWith(createRenderer, tag?.src) });
  const options = tag && optionsOf(tag);
  if (options) page.OnboardingAgent.init(options);
}
