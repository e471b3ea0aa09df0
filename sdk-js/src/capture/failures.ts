/** Watches for clicks that end in an error: an uncaught one, or a failed request of the page. Messages are never read. */

import type { CapturedClick } from './clicks';
import { belongs } from './frustration';
import type { Emit } from './surroundings';
import { type Scope, guard } from '../scope';
import type { Properties } from '../wire';
import { wrap } from './wrap';

type Kind = 'uncaught' | 'rejection' | 'request';

interface Running {
  readonly click: CapturedClick;
  readonly at: number;
  end: number;
  open: number;
  told?: boolean;
}

export function watchFailures(scope: Scope, emit: Emit, requests: boolean): (click: CapturedClick) => void {
  const now = (): number => performance.now();
  /** What the last click set off; an earlier one is still known to its requests. */
  let last: Running | undefined;
  const current = (): Running | undefined => (last && belongs(last, now()) ? last : undefined);

  const fail = (error: Kind, detail: Properties, action = current()): void => {
    if (!action || action.told) return;
    action.told = true;
    const { id, selector } = action.click;
    emit('error_click', selector, { error, ...detail, evidence: [id] });
  };
  scope.listen('error', ({ target, message, error }: ErrorEvent) => {
    // Resources that do not load also come by here; browsers report this one about layout, which nobody notices.
    if (target === window && !/^ResizeObserver/.test(message)) fail('uncaught', { name: nameOf(error) });
  });
  scope.listen('unhandledrejection', ({ reason }: PromiseRejectionEvent) => fail('rejection', { name: nameOf(reason) }));
  if (requests) watchRequests(scope, () => {
    const action = current();
    if (!action) return undefined;
    action.open++;
    return guard((status) => {
      action.open--;
      action.end = now();
      if (status === 0 || status! >= 400) fail('request', { status }, action);
    });
  });

  return (click) => {
    const at = now();
    last = { click, at, end: at, open: 0 };
  };
}

/** Told how a request ended: with a status, 0 for none, or undefined for one that the page gave up. */
type Ended = (status?: number) => void;

/** @param begun a request begins; answers who wants to hear of its end, if anybody. */
function watchRequests(scope: Scope, begun: () => Ended | undefined): void {
  const begin = guard(begun);
  wrap(scope, window, 'fetch', (original) => function (this: unknown, ...args) {
    const ended = begin();
    const response = original.apply(this, args) as Promise<Response>;
    if (!ended) return response;
    response.then(
      (answer) => ended(answer.status),
      (error) => ended(nameOf(error) === 'AbortError' ? undefined : 0),
    );
    // Our look at the outcome counts as handling it; the page gets a promise of its own, unhandled if it leaves it so.
    return response.then();
  });
  wrap(scope, XMLHttpRequest.prototype, 'send', (original) => function (this: unknown, ...args) {
    const request = this as XMLHttpRequest;
    const ended = begin();
    if (ended) {
      let isGivenUp = false;
      request.addEventListener('abort', () => (isGivenUp = true));
      request.addEventListener('loadend', () => ended(isGivenUp ? undefined : request.status), { once: true });
    }
    return original.apply(this, args);
  });
}

/** The class of an error, such as TypeError; anything longer could be a message. */
function nameOf(error: unknown): string | undefined {
  const name = String((error as Error | undefined)?.name);
  return /^[A-Z]\w{1,40}$/.test(name) ? name : undefined;
}
