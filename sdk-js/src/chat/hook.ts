/**
 * The chat as the rest of the SDK knows it: a script that is loaded when somebody asks for it, and told then what happens.
 * By `import()`, which takes on the policy (nonce, trust) of the script that calls it.
 */

import type { ChatOptions } from '../options';
import { guard } from '../scope';
import type { Chat, ChatModule, ChatPort, Told } from './port';

declare const CHAT_VERSION: string;

/** Tells the chat; what nobody hears is lost, unless the chat is `wanted`: then it is loaded. */
export type Hook = (told: Told, wanted?: unknown) => void;

/** The language of the interface: as the host says, or as the page is written. */
export const languageOf = (locale?: string): string => locale || document.documentElement.lang || navigator.language;

/** @param base what the chat's script lies beside. */
export function hookChat(port: ChatPort, base: string): Hook {
  let chat: Promise<Chat | undefined> | undefined;
  let failed = false;
  const load = async (): Promise<Chat> => {
    const { src } = Object(port.options.chat) as ChatOptions;
    const file = `onboarding-agent-chat${/^ar\b/i.test(port.language) ? '-ar' : ''}.js?v=${CHAT_VERSION}`;
    const { startChat } = (await import(src ?? new URL(file, base).href)) as ChatModule;
    // It may have come too late.
    return port.scope.signal.aborted ? () => {} : guard(startChat(port));
  };
  const fail = (): undefined => {
    chat = undefined;
    failed = true;
    console.warn('OnboardingAgent: no chat');
  };
  return (told, wanted) => {
    // After a failure only the user makes another attempt.
    if (wanted && !(failed && told.type === 'look')) chat ??= load().catch(fail);
    void chat?.then((tell) => port.scope.signal.aborted || tell?.(told));
  };
}
