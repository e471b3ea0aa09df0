/**
 * Where the script and the chat, which is a script of its own, meet. A browser may hold the two in different versions for
 * some minutes, so these names are never shortened, and they are only added to.
 */

import type { Options } from '../options';
import type { Theme } from '../render/contract';
import type { Nudge, ServerFrame } from '../wire';

/** Who the user is, and what they may be known by. */
export interface ChatIdentity {
  person(): { readonly userId: string; readonly token?: string };
  /** Renews what ran out, or with `force` what was refused. Rejects when that fails. */
  refresh(force?: boolean): Promise<{ readonly userId: string; readonly token?: string }>;
}

/** What the chat is given. */
export interface ChatPort {
  readonly options: Options;
  /** What this company's keys in storage begin with. */
  readonly site: string;
  /** Ends with the SDK. */
  readonly signal: AbortSignal;
  readonly identity: ChatIdentity;
  /** What was set until now, in this order. */
  readonly themes: readonly (Theme | undefined)[];
  /** Tells all tabs, this one too, that the store changed; the leading tab sends what waits in the outbox. */
  poke(): void;
  /** False where this tab should have a line to the gateway and has none. */
  linked(): boolean;
  /** Keeps so many CSS pixels at the lower edge free of cards; Infinity: none come while the user talks. */
  reserve(pixels: number): void;
}

/** What the chat is told: frames of the gateway, and what happens in the page. */
export type Told =
  | ServerFrame
  /** The line to the gateway is down. */
  | { readonly type: 'closed' }
  /** The store may have changed. */
  | { readonly type: 'look' }
  /** The user asks for the chat, perhaps because of a nudge. */
  | { readonly type: 'open'; readonly nudge?: Nudge }
  /** The chat is to be a part of the page; null: not any more. */
  | { readonly type: 'mount'; readonly element: Element | null }
  | { readonly type: 'theme'; readonly theme: Theme };

export type Chat = (told: Told) => void;

/** What the chat's script exports. */
export interface ChatModule {
  startChat(port: ChatPort): Chat;
}

/** Frames for the gateway, in the order of their keys. */
export const OUTBOX = 'o:';
/** What the user wrote and nobody has confirmed. */
export const UNSENT = 'c:';

/** As it is kept under its id. */
export interface Unsent {
  readonly user: string;
  readonly text: string;
  readonly conversation: string | null;
  readonly playbook?: string | undefined;
  /** When it was written, and last sent; Unix milliseconds. */
  readonly at: number;
  readonly sent: number;
  /** Why it will not go without the user's help. */
  readonly code?: string | undefined;
  /** It was sent once more, as the beginning of a new conversation. */
  readonly again?: boolean;
}

/** Set while a conversation is going on, or something was said that the user has not seen: every page loads the chat then. */
export const GOING = 'chat';
