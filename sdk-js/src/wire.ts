/**
 * What travels between the page and the servers: frames of the WebSocket, the events of `POST /api/v1/events`, and nudges.
 * What `core` has models of is generated; the frames that the gateway only writes are told here.
 */

import type { Event as SentEvent, Nudge, NudgeAck, Ping, SendMessage } from './wire.generated';

export type { Nudge, NudgeAction } from './wire.generated';

/** One behaviour event. `user_id` is filled in when it is sent, if it was not known when it happened. */
export interface WireEvent extends SentEvent {
  readonly properties: Properties;
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | Properties;
/** What is undefined is left out. */
export type Properties = { readonly [key: string]: JsonValue | undefined };

/** What the page reports of a nudge. */
export type NudgeStatus = NudgeAck['status'];

export interface Citation {
  readonly title: string;
  readonly url: string;
}

export interface ChatMessage {
  readonly conversation_id: string;
  readonly message_id: string;
  readonly role: 'user' | 'assistant' | 'agent';
  readonly text: string;
  readonly citations?: readonly Citation[];
}

export interface NudgeFrame {
  readonly type: 'nudge';
  readonly seq?: number;
  readonly nudge: Nudge;
}

export interface MessageFrame extends ChatMessage {
  readonly type: 'message';
  readonly seq?: number;
}

/** What a token says of itself. */
export interface Claims {
  readonly sub?: string;
  /** Unix seconds. */
  readonly exp?: number;
}

/** Server → client. Durable frames carry `seq`; types that this version does not know are ignored. */
export type ServerFrame =
  | { readonly type: 'hello'; readonly connection_id: string; readonly epoch: string; readonly seq: number; readonly resumed: boolean }
  | NudgeFrame
  | { readonly type: 'nudge.status'; readonly seq?: number; readonly nudge_id: string; readonly status: string }
  | MessageFrame
  | { readonly type: 'pong'; readonly seq?: number };

/** Client → server. */
export type ClientFrame = NudgeAck | SendMessage | Ping;
