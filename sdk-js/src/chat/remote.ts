/** What the chat asks of the API: a session with the latest messages, and older ones. */

import type { ChatPage, ChatSession } from '../wire';
import type { ChatPort } from './port';

export interface Remote {
  /** Rejects when the API cannot be reached; with a `Refusal` when it says no. */
  open(playbook: string | undefined, language: string): Promise<ChatSession>;
  older(token: string, cursor: string): Promise<ChatPage>;
}

/** The API's answer, when that is no; an error without these is a network that failed. */
export interface Refusal extends Error {
  readonly status?: number;
  readonly code?: string;
}

const TIMEOUT_MS = 20_000;

export function createRemote({ options: { apiUrl, apiKey }, identity }: ChatPort): Remote {
  const send = fetch.bind(window);
  const ask = async <T>(path: string, init: RequestInit): Promise<T> => {
    const signal = AbortSignal.timeout?.(TIMEOUT_MS);
    const response = await send(`${apiUrl}/api/v1/support/chat/${path}`, { credentials: 'omit', signal, ...init });
    const body: unknown = await response.json().catch(() => {});
    if (response.ok) return body as T;
    throw Object.assign(Error(), body, { status: response.status });
  };
  const open = async (body: string, force?: boolean): Promise<ChatSession> => {
    const { token = '' } = await identity.refresh(force);
    const headers = { 'Content-Type': 'application/json', 'X-API-Key': apiKey, 'X-User-Token': token };
    return ask<ChatSession>('session', { method: 'POST', headers, body });
  };
  return {
    async open(playbook, language) {
      const body = JSON.stringify({ playbook, language });
      return open(body).catch((error: Refusal) => {
        // The token may have been withdrawn before its time.
        if (error.status === 401) return open(body, true);
        throw error;
      });
    },
    older: (token, cursor) => ask(`history?before=${encodeURIComponent(cursor)}`, { headers: { Authorization: `Bearer ${token}` } }),
  };
}
