/** What the host decides: read from `init()` or from the attributes of the script tag. */

import type { User } from './identity';
import type { RendererOptions, Theme } from './render/contract';

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
  /** Told when the user chooses an action of a nudge. */
  readonly onAction?: RendererOptions['onAction'];
}

/** `data-api-key`, `data-api-url`, `data-ws-url`, `data-user-id`, `data-user-token`, `data-locale` of a script tag. */
export const optionsOf = ({ dataset, src }: HTMLScriptElement): Options | undefined =>
  dataset['apiKey'] ? ({ apiUrl: new URL(src).origin, ...dataset } as object as Options) : undefined;
