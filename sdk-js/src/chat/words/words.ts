/** The chat's own words. What is said in the conversation comes from the server. */

export interface Words {
  readonly open: string;
  readonly close: string;
  readonly write: string;
  readonly send: string;
  readonly stop: string;
  readonly you: string;
  readonly assistant: string;
  readonly person: string;
  readonly writing: string;
  readonly sources: string;
  readonly up: string;
  readonly down: string;
  readonly thanks: string;
  readonly sending: string;
  readonly failed: string;
  readonly tooMany: string;
  readonly retry: string;
  readonly remove: string;
  readonly earlier: string;
  readonly latest: string;
  readonly ended: string;
  readonly anew: string;
  readonly stopped: string;
  readonly human: string;
  readonly leave: string;
  readonly cancel: string;
  /** What is sent for the user who asks for a person before anything was said. */
  readonly wish: string;
  readonly asked: string;
  readonly back: string;
  readonly offline: string;
  readonly gone: string;
  readonly wrong: string;
  readonly with: (name: string) => string;
  readonly promise: (time: string) => string;
  readonly reference: (id: string) => string;
  readonly unread: (count: number) => string;
  readonly limit: (length: string, most: string) => string;
}
