/** The SDK's own requests: made with the page's original fetch, so that none counts as the page's, and without cookies. */

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** Parsed JSON, or undefined. */
  readonly body: unknown;
}

export interface Http {
  post(path: string, body: string, headers?: Record<string, string>): Promise<Answer>;
  /** A last resort while the page goes away: no answer is seen. */
  beacon(path: string, body: string): void;
  /** Whether a request outlives its page. */
  readonly keepalive: boolean;
}

const TIMEOUT_MS = 20_000;

export function createHttp(apiUrl: string, apiKey: string): Http {
  const send = fetch.bind(globalThis);
  const keepalive = 'keepalive' in Request.prototype;
  return {
    keepalive,
    async post(path, body, headers) {
      const response = await send(apiUrl + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-API-Key': apiKey, ...headers },
        body,
        keepalive,
        credentials: 'omit',
        signal: AbortSignal.timeout?.(TIMEOUT_MS),
      });
      const { status } = response;
      return { status, retryAfter: response.headers.get('Retry-After'), body: await response.json().catch(() => undefined) };
    },
    // text/plain needs no preflight, which would be lost with the page.
    beacon: (path, body) => void navigator.sendBeacon?.(apiUrl + path, new Blob([body], { type: 'text/plain' })),
  };
}
