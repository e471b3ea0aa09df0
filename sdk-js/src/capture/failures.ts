/** Watches for clicks that end in an error: an uncaught one, or a failed request of the page. Messages are never read. */

import type { CapturedClick } from './clicks';
import { type Action, belongs } from './frustration';
import type { Surroundings } from './surroundings';

type Kind = 'uncaught' | 'rejection' | 'request';

interface Running extends Action {
  end: number;
  open: number;
  told: boolean;
  readonly selector: string | undefined;
}

const MAX_RUNNING = 5;

export function watchFailures({ scope, view, emit }: Surroundings): (click: CapturedClick) => void {
  let running: readonly Running[] = [];
  const now = (): number => view.performance.now();
  const current = (): Running | undefined => running.find((action) => belongs(action, now()));

  const fail = (action: Running | undefined, error: Kind, detail: Record<string, string | number> = {}): void => {
    if (!action || action.told || !scope.alive()) return;
    action.told = true;
    const after_ms = Math.round(now() - action.at);
    emit('error_click', action.selector, { error, ...detail, after_ms, evidence: [action.id] });
  };

  /** A request begins; the answer tells how it ended, with a status, 0 for none, or undefined for one given up. */
  const begin = (): ((status: number | undefined) => void) | undefined => {
    const action = scope.alive() ? current() : undefined;
    if (!action) return undefined;
    action.open++;
    return scope.guard((status) => {
      action.open--;
      action.end = now();
      if (status === 0 || status! >= 400) fail(action, 'request', { status: status! });
    });
  };

  scope.listen(view, 'error', (event: ErrorEvent) => {
    // Resources that do not load also come by here; browsers report this one about layout, which nobody notices.
    if (event.target !== view || /^ResizeObserver/.test(event.message)) return;
    fail(current(), 'uncaught', nameOf(event.error));
  });
  scope.listen(view, 'unhandledrejection', (event: PromiseRejectionEvent) => fail(current(), 'rejection', nameOf(event.reason)));

  scope.wrap(view, 'fetch', (original) => function (this: unknown, ...args) {
    const end = scope.guard(begin)();
    const response = original.apply(this, args) as Promise<Response>;
    if (!end) return response;
    return response.then(
      (answer) => (end(answer.status), answer),
      (error: unknown) => {
        end(isAbort(error) ? undefined : 0);
        throw error;
      },
    );
  });
  scope.wrap(view.XMLHttpRequest?.prototype, 'send', (original) => function (this: unknown, ...args) {
    const request = this as XMLHttpRequest;
    const end = scope.guard(begin)();
    let aborted = false;
    if (end) {
      request.addEventListener('abort', () => (aborted = true), { once: true });
      request.addEventListener('loadend', () => end(aborted ? undefined : request.status), { once: true });
    }
    return original.apply(this, args);
  });

  return ({ id, selector }) => {
    const at = now();
    running = [{ id, selector, at, end: at, open: 0, told: false }, ...running].slice(0, MAX_RUNNING);
  };
}

/** The class of an error, such as TypeError; anything longer could be a message. */
function nameOf(error: unknown): { name?: string } {
  const name = (error as Error | undefined)?.name;
  return typeof name === 'string' && /^\w{1,40}$/.test(name) ? { name } : {};
}

const isAbort = (error: unknown): boolean => (error as Error | undefined)?.name === 'AbortError';
