/**
 * The lifetime of one surface: whatever it listens to or observes is guarded, so that no error reaches the page, and
 * ends with it, so that nothing is left behind.
 */

import type { Guard } from './contract';

export interface Scope {
  readonly document: Document;
  readonly guard: Guard;
  readonly signal: AbortSignal;
  end(): void;
}

interface Observer {
  disconnect(): void;
}

export function openScope(document: Document, guard: Guard): Scope {
  const controller = new AbortController();
  return { document, guard, signal: controller.signal, end: () => controller.abort() };
}

/** Listens to several types, separated by spaces; capturing, when it must see what the page stops from bubbling. */
export function listen<E extends Event>(
  { guard, signal }: Scope,
  source: EventTarget | null,
  types: string,
  heard: (event: E) => void,
  capture = false,
): void {
  const listener = guard(heard) as (event: Event) => void;
  for (const type of types.split(' ')) source?.addEventListener(type, listener, { capture, signal, passive: true });
}

export function atEnd({ guard, signal }: Scope, run: () => void): void {
  signal.addEventListener('abort', guard(run));
}

/** Disconnects the observer when the surface goes. */
export function attach<O extends Observer>(scope: Scope, observer: O): O {
  atEnd(scope, () => observer.disconnect());
  return observer;
}
