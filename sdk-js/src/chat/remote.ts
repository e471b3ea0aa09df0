/** What the chat asks of the API: a session with the latest messages, and older ones. */

import type { ChatPage, ChatSession } from '../wire';
import type { ChatPort } from './port';

export interface Remote {
  /** Rejects when the API cannot be reached; with `Refused` when it says no. */
  open(playbook: string | undefined, language: string): Promise<ChatSession>;
  older(token: string, cursor: string): Promise<ChatPage>;
}

/** The API's answer, and no passing trouble. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string | undefined,
  ) {
    super(code);
  }
}

const TIMEOUT_MS = 20_000;

export function createRemote({ options: { apiUrl, apiKey }, identity }: ChatPort): Remote {
  const send = fetch.bind(window);
  const ask = async <T>(path: string, init: RequestInit): Promise<T> => {
    const signal = AbortSignal.timeout?.(TIMEOUT_MS);
    const response = await send(`${apiUrl}/api/v1/support/chat/${path}`, { credentials: 'omit', signal, ...init });
    const body: unknown = await response.json().catch(() => {});
    if (response.ok) return body as T;
    throw new Refused(response.status, (body as { code?: string } | undefined)?.code);
  };
  const open = async (body: string, force?: boolean): Promise<ChatSession> => {
    const { token = '' } = await identity.refresh(force);
    const headers = { 'Content-Type': 'application/json', 'X-API-Key': apiKey, 'X-User-Token': token };
    return ask<ChatSession>('session', { method: 'POST', headers, body });
  };
  return {
    async open(playbook, language) {
      const body = JSON.stringify({ playbook, language });
      return open(body).catch((error: unknown) => {
        // The token may have been withdrawn before its time.
        if (error instanceof Refused && error.status === 401) return open(body, true);
        throw error;
      });
    },
    older: (token, cursor) => ask(`history?before=${encodeURIComponent(cursor)}`, { headers: { Authorization: `Bearer ${token}` } }),
  };
}
