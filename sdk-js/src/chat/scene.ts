/** What the views draw, and what they may ask for: the boundary between what the chat knows and how it looks. */

import type { Rating } from '../wire';
import type { Line, Talk } from './talk';

/** `idle`: nothing was asked of the API yet. `gone`: this user has no chat. */
export type Phase = 'idle' | 'loading' | 'ready' | 'broken' | 'gone';

export interface Scene {
  readonly talk: Talk;
  readonly phase: Phase;
  readonly offline: boolean;
  /** There are earlier messages to load. */
  readonly older: boolean;
  /** Somebody is at the desk. */
  readonly available: boolean;
  /** A person was asked for, or not any more, and nobody has said anything to that yet. */
  readonly asking: boolean;
  readonly suggestions: readonly string[];
  /** Above all that was said. */
  readonly greeting: string;
  readonly answering: boolean;
  readonly writing: boolean;
  /** The answer was stopped, and nothing was said to that yet. */
  readonly stopped: boolean;
  readonly unread: readonly Line[];
  /** Passing words about what did not work. */
  readonly notice: string;
}

export interface Wishes {
  send(text: string): void;
  retry(line: Line): void;
  remove(line: Line): void;
  rate(line: Line, rating: Rating): void;
  stop(): void;
  /** Asks for a person. */
  human(): void;
  /** Waits for one no more. */
  cancel(): void;
  earlier(): void;
  anew(): void;
  /** Tries to load the conversation again. */
  reload(): void;
}
