/**
 * The fence between the SDK and the page it lives in: a scope owns every listener, timer and wrapped method, lets nothing
 * that happens inside them reach the page, and gives all of them back in one call.
 */

import type { Guard } from './render/contract';

type Method = (this: unknown, ...args: never[]) => unknown;

export interface Scope {
  readonly guard: Guard;
  /** How many errors of our own were held back. */
  readonly errors: () => number;
  /** Listens on the window while capturing, passively, for several space-separated types. */
  listen<E extends Event>(types: string, handler: (event: E) => void): void;
  /** Runs once after some milliseconds; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
  every(ms: number, run: () => void): void;
  /** Puts a method around one of the page's own; it is put back at the end unless somebody else wrapped it meanwhile. */
  wrap<O extends object>(owner: O, name: keyof O & string, around: (original: Method) => Method): void;
  own(cleanup: () => void): void;
  readonly alive: () => boolean;
  end(): void;
}

/** Of this page, over all scopes. */
let errors = 0;

export function createScope(): Scope {
  let alive = true;
  const cleanups = new Set<() => void>();
  const fail = (): undefined => void errors++;

  const guard: Guard = (run) => (...args) => {
    try {
      const result = run(...args);
      return result instanceof Promise ? (result.catch(fail) as typeof result) : result;
    } catch {
      return fail();
    }
  };
  const own = (cleanup: () => void): void => void cleanups.add(guard(cleanup));

  return {
    guard,
    errors: () => errors,
    alive: () => alive,
    own,
    listen(types, handler) {
      const guarded = guard(handler as (event: Event) => void);
      for (const type of types.split(' ')) {
        addEventListener(type, guarded, true);
        own(() => removeEventListener(type, guarded, true));
      }
    },
    after(ms, run) {
      const cancel = (): void => {
        clearTimeout(timer);
        cleanups.delete(cancel);
      };
      const timer = setTimeout(() => (cancel(), guard(run)()), ms);
      cleanups.add(cancel);
      return cancel;
    },
    every(ms, run) {
      const timer = setInterval(guard(run), ms);
      own(() => clearInterval(timer));
    },
    wrap: guard((owner, name, around) => {
      const methods = owner as Record<string, Method>;
      const original = methods[name]!;
      const replacement = (methods[name] = around(original));
      own(() => {
        if (methods[name] === replacement) methods[name] = original;
      });
    }),
    end() {
      alive = false;
      for (const cleanup of cleanups) cleanup();
      cleanups.clear();
    },
  };
}
