/**
 * Links in a nudge were written by a model or by a person far away: only schemes that cannot run code are followed.
 */

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

/**
 * The absolute form of `url` seen from `base`, or null when it must not be followed. Judged after parsing, as the
 * browser will see it: "java\nscript:" is a script to a browser. User names are refused, since
 * `https://bank.example@evil.example` reads like the bank.
 */
export function safeUrl(url: string | null | undefined, base: string): string | null {
  if (!url) return null;
  try {
    const parsed = new URL(url, base);
    return SCHEMES.has(parsed.protocol) && !parsed.username && !parsed.password ? parsed.href : null;
  } catch {
    return null;
  }
}

/** Whether a link leaves the host's product, and so opens beside it instead of replacing it. */
export function leavesSite(href: string, base: string): boolean {
  const parsed = new URL(href);
  return parsed.protocol !== 'mailto:' && parsed.origin !== new URL(base).origin;
}
