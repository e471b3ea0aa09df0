/**
 * What the host calls. Nothing here throws, whatever is passed and whenever it is called: what comes before `init` waits
 * for it, what comes after `shutdown` is dropped.
 */

import { type Calls, type Client, OPTED_OUT, type Parts, type State, siteOf, startClient } from './client';
import type { Options } from './options';
import { guard } from './scope';
import { type Store, createStore } from './store';

export interface OnboardingAgent extends Calls {
  /** Starts the SDK; a second call does nothing until `shutdown`. */
  init(options: Options): void;
  optIn(): void;
  /** Undefined while nothing runs: before `init`, after `shutdown` and `optOut`. */
  getState(): State | undefined;
  shutdown(): void;
}

const MAX_EARLY = 50;

/** @param parts what this entry of the SDK has beside capture and transport. */
export function createApi(parts: Parts): OnboardingAgent {
  let options: Options | undefined;
  let store: Store | undefined;
  let client: Client | undefined;
  let early: (() => void)[] = [];

  const stop = (): void => {
    client?.stop();
    client = undefined;
  };
  const start = (): void => {
    if (client || !options || store?.read(OPTED_OUT)) return;
    client = startClient(options, parts, stop);
    for (const call of early.splice(0)) call();
  };
  /** A call that needs the SDK to run: one that comes before `init` waits. */
  const later = <K extends keyof Calls>(name: K): Calls[K] => {
    const call = guard((...args: unknown[]): void => {
      if (client) (client[name] as (...args: unknown[]) => void)(...args);
      else if (!options && early.length < MAX_EARLY) early.push(() => call(...args));
    });
    return call;
  };

  return {
    init: guard((given: Options) => {
      if (options) return;
      if (!given?.apiKey || !given.apiUrl) return console.warn('OnboardingAgent needs apiKey, apiUrl');
      options = given;
      store = createStore(siteOf(given.apiKey));
      start();
    }),
    track: later('track'),
    identify: later('identify'),
    reset: later('reset'),
    setTheme: later('setTheme'),
    openChat: later('openChat'),
    mountChat: later('mountChat'),
    optOut: later('optOut'),
    optIn: guard(() => {
      store?.forget(OPTED_OUT);
      start();
    }),
    getState: guard(() => client?.getState()),
    shutdown: guard(() => {
      stop();
      options = undefined;
      early = [];
    }),
  };
}
