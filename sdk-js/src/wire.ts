/**
 * What travels between the page and the servers: frames of the WebSocket, the events of `POST /api/v1/events`, and nudges.
 * What `core` has models of is generated; the frames that the gateway only writes are told here.
 */

import type { CancelHuman, Event as SentEvent, Feedback, Nudge, NudgeAck, Ping, RequestHuman, SendMessage, Stop } from './wire.generated';

export type { Feedback, Nudge, NudgeAction, SendMessage } from './wire.generated';

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
  readonly url?: string | null;
  /** The number by which the text refers to it, as in “[1]”. */
  readonly marker?: number | null;
  readonly attribution?: string | null;
}

/** `agent` is a person of the company; `system` a note such as “a person has joined”. */
export interface ChatMessage {
  readonly conversation_id: string;
  readonly message_id: string;
  readonly client_message_id?: string | null;
  /** Counts from 1 within the conversation. */
  readonly position: number;
  readonly role: 'user' | 'assistant' | 'agent' | 'system';
  readonly text: string;
  readonly language?: string | null;
  readonly status?: 'stored' | 'stopped' | 'withheld';
  /** Name of the person who wrote it, for role `agent`. */
  readonly author?: string | null;
  readonly created_at: string;
  readonly citations?: readonly Citation[];
  /** Of messages of the past: what the user thought of it. */
  readonly rating?: Rating | null;
}

export type Rating = Feedback['rating'];
export type HandledBy = 'agent' | 'queue' | 'human';

/** What the page is told of who answers. */
export interface Handling {
  readonly handled_by: HandledBy;
  readonly ticket_id?: string | null;
  /** When a person will have answered; ISO 8601 with zone. */
  readonly expected_by?: string | null;
  /** Name of the person. */
  readonly agent?: string | null;
  /** The user may take the wish for a person back. */
  readonly may_cancel?: boolean | null;
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

/** Where a conversation stands when the chat opens. */
export interface Standing extends Handling {
  readonly conversation_id: string;
  readonly state: string;
}

/** Answer of `POST /api/v1/support/chat/session`. */
export interface ChatSession {
  /** Short-lived; for the history. */
  readonly token: string;
  readonly conversation: Standing | null;
  /** The latest ones, the oldest of them first. */
  readonly messages: readonly ChatMessage[];
  /** Names what is before these. */
  readonly next_cursor: string | null;
  readonly person_available: boolean;
  readonly suggestions?: readonly string[];
  /** Words of the playbook's for an empty conversation. */
  readonly greeting?: string;
}

/** Answer of `GET /api/v1/support/chat/history`, the oldest first. */
export interface ChatPage {
  readonly items: readonly ChatMessage[];
  readonly next_cursor: string | null;
}

/** A checked sentence of an answer under way; a new `run` takes the place of what came before. */
export interface DeltaFrame {
  readonly type: 'message.delta';
  readonly seq?: number;
  readonly conversation_id: string;
  readonly message_id: string;
  readonly run: string;
  /** Counts from 0 within the run. */
  readonly index: number;
  readonly text: string;
}

export interface AcceptedFrame {
  readonly type: 'message.accepted';
  readonly seq?: number;
  readonly client_message_id: string;
  readonly conversation_id: string;
  readonly message_id: string;
}

/** Answer to a frame that was not accepted, with what that was about. */
export interface ErrorFrame {
  readonly type: 'error';
  readonly seq?: number;
  readonly code: string;
  readonly detail?: string | null;
  readonly conversation_id?: string;
  readonly client_message_id?: string;
  readonly message_id?: string;
}

export type HandoffFrame = Handling & { readonly type: 'handoff'; readonly seq?: number; readonly conversation_id: string };

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
  | DeltaFrame
  | AcceptedFrame
  | ErrorFrame
  | HandoffFrame
  | { readonly type: 'typing'; readonly seq?: number; readonly conversation_id: string; readonly by?: 'assistant' | 'agent' }
  | { readonly type: 'ended'; readonly seq?: number; readonly conversation_id: string; readonly code: string }
  /** Told by the line itself when it is down. */
  | { readonly type: 'closed'; readonly seq?: number }
  /** Told by the line itself: the user was erased. */
  | { readonly type: 'erased'; readonly seq?: number }
  | { readonly type: 'pong'; readonly seq?: number };

/** Client → server. */
export type ClientFrame = NudgeAck | SendMessage | Feedback | Stop | RequestHuman | CancelHuman | Ping;
