/**
 * Links in a nudge were written by a model or by a person far away: only schemes that cannot run code are followed.
 */

const SCHEMES = /^(https?|mailto):$/;

/**
 * `url` as seen from `base`, or null when it must not be followed. Judged after parsing, as the browser will see it:
 * "java\nscript:" is a script to a browser. User names are refused, since `https://bank.example@evil.example` reads
 * like the bank.
 */
export function safeUrl(url: string | null | undefined, base = document.baseURI): URL | null {
  try {
    const parsed = new URL(url || 'about:blank', base);
    return SCHEMES.test(parsed.protocol) && !parsed.username && !parsed.password ? parsed : null;
  } catch {
    return null;
  }
}
