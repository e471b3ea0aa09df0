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

/** The fence around all that the chat does (`scope.ts`); it ends with the SDK. */
export interface ChatScope {
  readonly signal: AbortSignal;
  listen<E extends Event>(types: string, heard: (event: E) => void, source?: EventTarget | null): void;
  wait(ms: number, run: () => void): () => void;
  pulse(ms: number, run: () => void): void;
  own(cleanup: () => void): void;
}

/** What all tabs remember together (`store.ts`). */
export interface ChatStore {
  read<T>(key: string): T | undefined;
  save(key: string, value: unknown): void;
  forget(key: string): void;
  names(begin: string): string[];
}

/** An element of the SDK's own on the page (`render/host.ts`). */
export interface ChatHost {
  readonly element: HTMLElement;
  readonly root: HTMLElement;
  /** Sets custom properties and the colour scheme. */
  paint(theme?: Theme): void;
}

/** What the chat is given, beside its own script: what the SDK has in the page already. */
export interface ChatPort {
  readonly options: Options;
  /** Of the interface; BCP 47. */
  readonly language: string;
  readonly scope: ChatScope;
  readonly store: ChatStore;
  readonly identity: ChatIdentity;
  /** Makes an element with a shadow root that looks as nudges do, with more styles on top. */
  host(tag: string, css: string): ChatHost;
  /** A fresh id; those of one page sort by time. */
  id(): string;
  /** Lets nothing that a function throws reach the page, and counts it. */
  guard<A extends unknown[], R>(run: (...args: A) => R): (...args: A) => R | undefined;
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
  /** It was sent once more, since nobody answered. */
  readonly hurried?: boolean;
  /** It was sent once more, as the beginning of a new conversation. */
  readonly again?: boolean;
}

/** Set while a conversation goes on, something waits to be sent or has not been seen: every page loads the chat then. */
export const GOING = 'chat';
