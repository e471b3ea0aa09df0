/**
 * The fence between the SDK and the page it lives in: a scope owns every listener, timer and observer, lets nothing that
 * happens inside them reach the page, and gives all of them back in one call.
 */

/** Wraps a function so that nothing it throws reaches the page; the wrapper then answers undefined. */
type Guard = <A extends unknown[], R>(fn: (...args: A) => R) => (...args: A) => R | undefined;

interface Observer {
  disconnect(): void;
}

export interface Scope {
  readonly signal: AbortSignal;
  /** Listens passively for several space-separated types; on the window while capturing, elsewhere as events bubble. */
  listen<E extends Event>(types: string, heard: (event: E) => void, source?: EventTarget | null): void;
  /** Runs once after some milliseconds, if the scope still lasts; the answer cancels it. */
  wait(ms: number, run: () => void): () => void;
  pulse(ms: number, run: () => void): void;
  /** Makes an observer, such as a `MutationObserver`, that is disconnected at the end. */
  observer<H, O extends Observer, I>(Kind: new (heard: H, options?: I) => O, heard: H, options?: I): O;
  own(cleanup: () => void): void;
  end(): void;
}

let errors = 0;
/** How many errors of our own were held back, on this page. */
export const errorCount = (): number => errors;
const fail = (): undefined => void errors++;

export const guard: Guard = (run) => (...args) => {
  try {
    const result = run(...args);
    return result instanceof Promise ? (result.catch(fail) as typeof result) : result;
  } catch {
    return fail();
  }
};

export function createScope(): Scope {
  const controller = new AbortController();
  const { signal } = controller;
  const own = (cleanup: () => void): void => signal.addEventListener('abort', guard(cleanup));

  return {
    signal,
    own,
    listen(types, heard, source = window) {
      const listener = guard(heard) as (event: Event) => void;
      const options = { capture: source === window, signal, passive: true };
      for (const type of types.split(' ')) source?.addEventListener(type, listener, options);
    },
    wait(ms, run) {
      const timer = setTimeout(guard(() => signal.aborted || run()), ms);
      return () => clearTimeout(timer);
    },
    pulse(ms, run) {
      const timer = setInterval(guard(run), ms);
      own(() => clearInterval(timer));
    },
    observer(Kind, heard, options) {
      const observer = new Kind(guard(heard as never) as never, options);
      own(() => observer.disconnect());
      return observer;
    },
    end: () => controller.abort(),
  };
}
