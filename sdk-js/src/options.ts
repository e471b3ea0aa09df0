/** What the host decides: read from `init()` or from the attributes of the script tag. */

import type { User } from './identity';
import type { RendererOptions, Theme } from './render/contract';

/** How the chat behaves; all of it optional. */
export interface ChatOptions {
  /** Which of the company's playbooks a new conversation follows; its default one otherwise. */
  readonly playbook?: string;
  /** False: no button of ours on the page; `openChat` and `mountChat` still work. */
  readonly launcher?: boolean;
  /** Name in the panel's head, and the words above an empty conversation. */
  readonly title?: string;
  readonly greeting?: string;
  /** Questions offered while nothing was said; at most four. */
  readonly suggestions?: readonly string[];
  /** Address of the chat's script, for pages that serve it themselves. */
  readonly src?: string;
  /** Told how many messages wait to be read, when that changes. */
  readonly onUnread?: (count: number) => void;
}

/** The user: `userToken` is signed by your server, or a function that gets one; without it the visitor is anonymous. */
export interface Options extends User {
  /** The company's public key, `pk_…`. */
  readonly apiKey: string;
  /** Origin of the API, without a slash at the end; so is `wsUrl`. */
  readonly apiUrl: string;
  /** Origin of the WebSocket gateway, `ws:` or `wss:`. Without it nothing is shown. */
  readonly wsUrl?: string;
  /** BCP 47 tag for the SDK's own words; nudges bring their own language. */
  readonly locale?: string;
  readonly direction?: 'ltr' | 'rtl';
  readonly theme?: Theme;
  /** False: nothing is captured without being asked; only what `track` is told. */
  readonly capture?: boolean;
  /** Query parameters whose values may be sent with an address; all others are cut off. */
  readonly keepQuery?: readonly string[];
  /** Puts the chat on the page; without it, it comes when a nudge, a message or `openChat` asks for it. */
  readonly chat?: boolean | ChatOptions;
  /** Told when the user chooses an action of a nudge. */
  readonly onAction?: RendererOptions['onAction'];
}

/** `data-api-key`, `data-api-url`, `data-ws-url`, `data-user-id`, `data-user-token`, `data-locale`, `data-chat` (true) of a script tag. */
export const optionsOf = ({ dataset, src }: HTMLScriptElement): Options | undefined =>
  dataset['apiKey'] ? ({ apiUrl: new URL(src).origin, ...dataset } as object as Options) : undefined;
