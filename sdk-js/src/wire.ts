/**
 * What travels between the page and the servers, as docs/ and the Python package `core` define it.
 * Frames of the WebSocket, the events of `POST /api/v1/events`, and nudges.
 */

/** One behaviour event. `user_id` is filled in when it is sent, if it was not known when it happened. */
export interface WireEvent {
  readonly event_id: string;
  readonly user_id: string;
  readonly session_id: string;
  readonly event_type: string;
  readonly target_element?: string;
  readonly page_url?: string;
  /** ISO 8601; never changed by a retry, since it is part of the server's unique key. */
  readonly timestamp: string;
  readonly properties: Properties;
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | Properties;
/** What is undefined is left out. */
export type Properties = { readonly [key: string]: JsonValue | undefined };

export interface NudgeAction {
  readonly label: string;
  readonly kind: 'link' | 'dismiss' | 'snooze' | 'chat';
  readonly url?: string | null;
}

export interface Nudge {
  readonly nudge_id: string;
  readonly nudge_type: 'tooltip' | 'chat' | 'checklist' | 'email_draft';
  readonly target_element?: string | null;
  readonly title: string;
  readonly body: string;
  readonly actions: readonly NudgeAction[];
  readonly language: string;
  readonly dir: 'ltr' | 'rtl';
  readonly stuck_point: string;
  /** ISO 8601 with zone. */
  readonly expires_at: string;
}

/** What the page reports of a nudge. */
export type NudgeStatus = 'shown' | 'clicked' | 'dismissed' | 'snoozed';

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
export type ClientFrame =
  | { readonly type: 'nudge.ack'; readonly nudge_id: string; readonly status: NudgeStatus }
  | {
      readonly type: 'send_message';
      readonly conversation_id: string | null;
      readonly client_message_id: string;
      readonly text: string;
      readonly playbook?: string;
    }
  | { readonly type: 'ping' };
