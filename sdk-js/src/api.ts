/**
 * What the host calls. Nothing here throws, whatever is passed and whenever it is called: what comes before `init` waits
 * for it, what comes after `shutdown` is dropped.
 */

import { type Client, type State, type User, siteOf, startClient } from './client';
import type { Options } from './options';
import type { RendererFactory, Theme } from './render/contract';
import { createScope } from './scope';
import { createStore } from './store';
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
  getState(): (State & { readonly optedOut: boolean }) | undefined;
  shutdown(): void;
}

const OPTED_OUT = 'out';
const MAX_EARLY = 50;

export function createApi(createRenderer?: RendererFactory): OnboardingAgent {
  const { guard } = createScope();
  let options: Options | undefined;
  let client: Client | undefined;
  let early: ((client: Client) => void)[] = [];

  const store = () => createStore(siteOf(options!.apiKey));
  const optedOut = (): boolean => !!options && store().get(OPTED_OUT) !== null;
  const stop = (): void => {
    client?.stop();
    client = undefined;
  };
  const start = (): void => {
    if (client || !options || optedOut()) return;
    client = startClient(options, createRenderer, stop);
    for (const call of early.splice(0)) guard(call)(client);
  };
  const tell = (call: (client: Client) => void): void => {
    if (client) call(client);
    else if (!options && early.length < MAX_EARLY) early.push(call);
  };

  return {
    init: guard((given: Options) => {
      if (options) return;
      if (!given?.apiKey || !given.apiUrl) return console.warn('onboarding agent: init needs apiKey and apiUrl');
      options = given;
      start();
    }),
    track: guard((name: string, properties?: Properties, target?: string) => tell((to) => to.track(name, properties, target))),
    identify: guard((user: User) => tell((to) => to.identify(user))),
    reset: guard(() => tell((to) => to.reset())),
    setTheme: guard((theme: Partial<Theme>) => tell((to) => to.setTheme({ variables: {}, ...theme }))),
    optOut: guard(() => {
      client?.forget();
      stop();
      if (options) store().set(OPTED_OUT, '1');
    }),
    optIn: guard(() => {
      if (options) store().remove(OPTED_OUT);
      start();
    }),
    getState: guard(() => (client ? { ...client.state(), optedOut: false } : options && optedOut() ? OUT : undefined)) as OnboardingAgent['getState'],
    shutdown: guard(() => {
      stop();
      options = undefined;
      early = [];
    }),
  };
}

const OUT = {
  userId: '',
  anonymous: true,
  sessionId: '',
  leading: false,
  onStage: false,
  connected: false,
  queued: 0,
  sent: 0,
  dropped: { overflow: 0, expired: 0, rejected: 0, tooLarge: 0 },
  errors: 0,
  optedOut: true,
};
