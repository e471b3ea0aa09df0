/**
 * Shows nudges and messages, one surface at a time, and tells what became of them: 'shown' once it was really on a
 * visible screen, then at most one of 'clicked', 'dismissed' and 'snoozed'.
 */

import type { ChatMessage, Nudge, NudgeAction, NudgeStatus } from '../wire';
import { type Card, type CardContent, buildCard } from './card';
import type { Renderer, RendererOptions, Report, Theme } from './contract';
import { type Host, createHost } from './host';
import { labelsFor } from './labels';
import { isExpired, takeNext } from './queue';
import { openSurface } from './surface';

/** Something to show. Messages that arrive while something else is on screen wait together as one entry. */
interface Entry {
  readonly nudge: Nudge | null;
  readonly messages: ChatMessage[];
  readonly expires_at: string | null | undefined;
  /** Tells once per status, and nothing after a final one. */
  readonly tell: (status: NudgeStatus, action?: NudgeAction) => void;
}

interface Showing {
  readonly entry: Entry;
  readonly card: Card;
  readonly close: () => void;
}

/** A pause between two surfaces, so that one answer does not look like the next question; milliseconds. */
const PAUSE_MS = 500;

const FINAL: ReadonlySet<NudgeStatus> = new Set(['clicked', 'dismissed', 'snoozed']);

export function createRenderer(options: RendererOptions): Renderer {
  return new SurfaceRenderer(options);
}

class SurfaceRenderer implements Renderer {
  readonly #options: RendererOptions;
  readonly #host: Host;
  readonly #onVisible: () => void;
  #waiting: readonly Entry[] = [];
  #showing: Showing | null = null;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RendererOptions) {
    this.#options = options;
    const { document, guard, theme } = options;
    this.#host = createHost(document, guard);
    if (theme) this.#host.paint(theme);
    this.#onVisible = guard(() => this.#advance());
    document.addEventListener('visibilitychange', this.#onVisible);
  }

  show(nudge: Nudge, report: Report): void {
    const known = [this.#showing?.entry, ...this.#waiting].some((entry) => entry?.nudge?.nudge_id === nudge.nudge_id);
    if (known || nudge.nudge_type === 'email_draft') return;
    this.#enqueue({ nudge, messages: [], expires_at: nudge.expires_at, tell: teller(report) });
  }

  /** What the user wrote is on screen already: the card that it was written in has added it. */
  showMessage(message: ChatMessage): void {
    if (message.role === 'user') return;
    const open = this.#showing?.card.thread;
    const waiting = this.#waiting.find((entry) => !entry.nudge);
    if (open) open.add(message);
    else if (waiting) waiting.messages.push(message);
    else this.#enqueue({ nudge: null, messages: [message], expires_at: null, tell: () => {} });
  }

  setTheme(theme: Theme): void {
    this.#host.paint(theme);
  }

  hide(nudgeId: string): void {
    this.#waiting = this.#waiting.filter((entry) => entry.nudge?.nudge_id !== nudgeId);
    if (this.#showing?.entry.nudge?.nudge_id === nudgeId) this.#close();
  }

  destroy(): void {
    this.#waiting = [];
    this.#close();
    clearTimeout(this.#pause);
    this.#options.document.removeEventListener('visibilitychange', this.#onVisible);
    this.#host.remove();
  }

  #enqueue(entry: Entry): void {
    this.#waiting = [...this.#waiting, entry];
    this.#advance();
  }

  /** Takes the next entry when the screen is free and somebody may be looking. */
  #advance(): void {
    if (this.#showing || this.#pause || this.#options.document.visibilityState !== 'visible') return;
    const { next, rest } = takeNext(this.#waiting, Date.now());
    this.#waiting = rest;
    if (next) this.#open(next);
  }

  #open(entry: Entry): void {
    const { document, guard } = this.#options;
    const content = this.#contentOf(entry.nudge);
    const card = buildCard(document, content, {
      choose: guard((action: NudgeAction) => this.#choose(entry, action)),
      tick: () => entry.tell('clicked'),
      reply: this.#options.onReply && guard((text: string) => this.#reply(entry, text)),
    });
    for (const message of entry.messages) card.thread?.add(message);
    const close = openSurface({
      host: this.#host,
      guard,
      frame: card.frame,
      reveal: card.reveal,
      rtl: content.dir === 'rtl',
      selector: content.kind === 'tooltip' ? entry.nudge?.target_element : null,
      announcement: [content.title, content.body, ...entry.messages.map(({ text }) => text)].filter(Boolean).join('\n'),
      onAppear: () => !this.#dropStale(entry),
      onSeen: () => entry.tell('shown'),
      onDismiss: () => this.#finish(entry, 'dismissed'),
    });
    this.#showing = { entry, card, close };
  }

  /** A target may have come so late that the nudge has expired: then it is never seen. */
  #dropStale(entry: Entry): boolean {
    const stale = isExpired(entry, Date.now());
    if (stale) this.#close();
    return stale;
  }

  #contentOf(nudge: Nudge | null): CardContent {
    const { document, locale, direction } = this.#options;
    const language = nudge?.language ?? locale;
    return {
      kind: nudge && nudge.nudge_type !== 'email_draft' ? nudge.nudge_type : 'chat',
      title: nudge?.title ?? '',
      body: nudge?.body ?? '',
      actions: nudge?.actions ?? [],
      language,
      dir: nudge?.dir ?? direction ?? readingDirection(document),
      labels: labelsFor(language),
    };
  }

  #choose(entry: Entry, action: NudgeAction): void {
    const status = { link: 'clicked', chat: 'clicked', dismiss: 'dismissed', snooze: 'snoozed' } as const;
    this.#finish(entry, status[action.kind], action);
    if (entry.nudge) this.#options.onAction?.(action, entry.nudge);
  }

  #reply(entry: Entry, text: string): void {
    entry.tell('clicked');
    this.#options.onReply?.(text);
  }

  #finish(entry: Entry, status: NudgeStatus, action?: NudgeAction): void {
    this.#close();
    entry.tell(status, action);
  }

  #close(): void {
    if (!this.#showing) return;
    this.#showing.close();
    this.#showing = null;
    this.#pause = setTimeout(this.#options.guard(() => {
      this.#pause = undefined;
      this.#advance();
    }), PAUSE_MS);
  }
}

function readingDirection(document: Document): 'ltr' | 'rtl' {
  return getComputedStyle(document.documentElement).direction === 'rtl' ? 'rtl' : 'ltr';
}

function teller(report: Report): Entry['tell'] {
  const told = new Set<NudgeStatus>();
  return (status, action) => {
    if (told.has(status) || [...told].some((earlier) => FINAL.has(earlier))) return;
    // Whoever acts on a card has seen it, even before the observers say so.
    if (!told.has('shown')) report('shown');
    told.add('shown').add(status);
    if (status !== 'shown') report(status, action);
  };
}
