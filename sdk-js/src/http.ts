/** The SDK's own requests: made with the page's original fetch, so that none counts as the page's, and without cookies. */

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** Parsed JSON, or undefined. */
  readonly body: unknown;
}

export interface Http {
  /** @param path of the API, such as `events`. */
  post(path: string, body: object, headers?: Record<string, string>): Promise<Answer>;
  /** A last resort while the page goes away: no answer is seen, and the key travels in the body. */
  beacon(path: string, body: object): void;
  /** Whether a request outlives its page. */
  readonly keepalive: boolean;
}

const TIMEOUT_MS = 20_000;

export function createHttp(apiUrl: string, apiKey: string): Http {
  const base = `${apiUrl}/api/v1/`;
  const send = fetch.bind(window);
  const keepalive = 'keepalive' in Request.prototype;
  return {
    keepalive,
    async post(path, body, headers) {
      const response = await send(base + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-API-Key': apiKey, ...headers },
        body: JSON.stringify(body),
        keepalive,
        credentials: 'omit',
        signal: AbortSignal.timeout?.(TIMEOUT_MS),
      });
      return {
        status: response.status,
        retryAfter: response.headers.get('Retry-After'),
        body: await response.json().catch(() => {}),
      };
    },
    // text/plain needs no preflight, which would be lost with the page.
    beacon: (path, body) =>
      void navigator.sendBeacon(base + path, new Blob([JSON.stringify({ api_key: apiKey, ...body })], { type: 'text/plain' })),
  };
}
