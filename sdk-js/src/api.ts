/**
 * What the host calls. Nothing here throws, whatever is passed and whenever it is called: what comes before `init` waits
 * for it, what comes after `shutdown` is dropped.
 */

import { type Client, OPTED_OUT, type State, siteOf, startClient } from './client';
import type { DeliveryFactory } from './delivery';
import type { User } from './identity';
import type { Options } from './options';
import type { Theme } from './render/contract';
import { createScope } from './scope';
import { type Store, createStore } from './store';
import type { Properties } from './wire';

export interface OnboardingAgent {
  /** Starts the SDK; a second call does nothing until `shutdown`. */
  init(options: Options): void;
  /** Tells of something that only the page knows, such as `report_created`. */
  track(name: string, properties?: Properties, target?: string): void;
  /** The visitor has signed in; what they did before is merged into the user. */
  identify(user: User): void;
  /** The user has signed out; whoever comes next is somebody else. */
  reset(): void;
  /** Stops everything in all tabs, forgets what waits, and stays so on this browser until `optIn`. */
  optOut(): void;
  optIn(): void;
  setTheme(theme: Partial<Theme>): void;
  /** Undefined while nothing runs: before `init`, after `shutdown` and `optOut`. */
  getState(): State | undefined;
  shutdown(): void;
}

const MAX_EARLY = 50;

export function createApi(deliver?: DeliveryFactory): OnboardingAgent {
  const { guard } = createScope();
  let options: Options | undefined;
  let store: Store | undefined;
  let client: Client | undefined;
  let early: ((client: Client) => void)[] = [];

  const stop = (): void => {
    client?.stop();
    client = undefined;
  };
  const start = (): void => {
    if (client || !options || store?.read(OPTED_OUT)) return;
    client = startClient(options, deliver, stop);
    for (const call of early.splice(0)) guard(call)(client);
  };
  /** A call that needs the SDK to run: one that comes before `init` waits. */
  const later = <A extends unknown[]>(call: (client: Client, ...args: A) => unknown): ((...args: A) => void) =>
    guard((...args: A) => {
      if (client) call(client, ...args);
      else if (!options && early.length < MAX_EARLY) early.push((then) => call(then, ...args));
    });

  return {
    init: guard((given: Options) => {
      if (options) return;
      if (!given?.apiKey || !given.apiUrl) return console.warn('OnboardingAgent.init needs apiKey and apiUrl');
      options = given;
      store = createStore(siteOf(given.apiKey));
      start();
    }),
    track: later((to, name: string, properties?: Properties, target?: string) => to.track(name, properties, target)),
    identify: later((to, user?: User) => user && to.identify(user)),
    reset: later((to) => to.reset()),
    setTheme: later((to, theme: Partial<Theme>) => to.setTheme(theme)),
    optOut: later((to) => to.optOut()),
    optIn: guard(() => {
      store?.remove(OPTED_OUT);
      start();
    }),
    getState: guard(() => client?.state()),
    shutdown: guard(() => {
      stop();
      options = undefined;
      early = [];
    }),
  };
}
