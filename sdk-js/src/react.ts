/**
 * The chat as a React component: `<OnboardingChat style={{ height: 480 }} />` stands in a support page where the floating
 * button would be elsewhere. It holds nothing but the element; React is the host's own.
 */

import { type CSSProperties, type ReactElement, createElement, useEffect, useRef } from 'react';
import type { OnboardingAgent } from './api';

export interface OnboardingChatProps {
  readonly className?: string;
  /** Give it a height: the chat fills the element. */
  readonly style?: CSSProperties;
  /** The SDK, where it was imported and not loaded by a script tag. */
  readonly agent?: Pick<OnboardingAgent, 'mountChat'>;
}

type Page = typeof globalThis & { OnboardingAgent?: OnboardingAgent };

/** One at a time; the last one that appears has the chat. */
export function OnboardingChat({ className, style, agent }: OnboardingChatProps): ReactElement {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const sdk = (): OnboardingChatProps['agent'] => agent ?? (globalThis as Page).OnboardingAgent;
    const mount = (): void => sdk()?.mountChat(place.current);
    // A script tag may still be loading; what comes before `init` waits in the SDK itself.
    if (sdk()) mount();
    else addEventListener('load', mount);
    return () => {
      removeEventListener('load', mount);
      sdk()?.mountChat(null);
    };
  }, [agent]);
  return createElement('div', { ref: place, className, style });
}
