/** Generated from the models of the Python package `core`: `onboarding-agent wire > wire.schema.json && npm run wire`. */

export type JsonValue = unknown;
/**
 * Where a nudge appears. An `email_draft` never reaches the page: a person sends it.
 */
export type NudgeType = 'tooltip' | 'chat' | 'checklist' | 'email_draft';

/**
 * The user who waits for a person wants none any more.
 */
export interface CancelHuman {
  readonly type: 'cancel_human';
  readonly conversation_id: string;
}
/**
 * One behaviour event as a client sends it. Unknown fields are ignored, so that a newer SDK can talk to us.
 */
export interface Event {
  readonly event_id: string;
  readonly user_id: string;
  readonly session_id: string;
  readonly event_type: string;
  readonly target_element?: string | null;
  readonly page_url?: string | null;
  readonly timestamp: string;
  readonly properties?: {
    [k: string]: JsonValue;
  };
}
/**
 * Thumbs up or down for an answer.
 */
export interface Feedback {
  readonly type: 'feedback';
  readonly message_id: string;
  readonly rating: 'up' | 'down';
}
/**
 * A nudge as the page receives it (CONTRACT: the `nudge` frame).
 */
export interface Nudge {
  readonly nudge_type: NudgeType;
  readonly target_element: string | null;
  readonly title: string;
  readonly body: string;
  /**
   * @maxItems 3
   */
  readonly actions: readonly NudgeAction[];
  readonly language: string;
  readonly nudge_id: string;
  readonly dir: 'ltr' | 'rtl';
  readonly stuck_point: string;
  readonly expires_at: string;
}
/**
 * A button of a nudge. Only `link` carries a URL, and only one that cannot run code.
 */
export interface NudgeAction {
  readonly label: string;
  readonly kind: 'link' | 'dismiss' | 'snooze' | 'chat';
  readonly url: string | null;
}
/**
 * The page reports what became of a nudge.
 */
export interface NudgeAck {
  readonly type: 'nudge.ack';
  readonly nudge_id: string;
  readonly status: 'shown' | 'clicked' | 'dismissed' | 'snoozed';
}
/**
 * A sign of life from a client that cannot send protocol pings.
 */
export interface Ping {
  readonly type: 'ping';
}
/**
 * The user asks for a person.
 */
export interface RequestHuman {
  readonly type: 'request_human';
  readonly conversation_id: string;
}
/**
 * The user writes in the chat; a null conversation continues the active one.
 */
export interface SendMessage {
  readonly type: 'send_message';
  readonly conversation_id?: string | null;
  readonly client_message_id: string;
  readonly text: string;
  readonly playbook?: string | null;
}
/**
 * The user stops the answer that is being written.
 */
export interface Stop {
  readonly type: 'stop';
  readonly conversation_id: string;
}
