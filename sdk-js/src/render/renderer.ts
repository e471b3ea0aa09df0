/**
 * Shows nudges, one surface at a time, and tells what became of them: 'shown' once it was really on a
 * visible screen, then at most one of 'clicked', 'dismissed' and 'snoozed'.
 */

import { here } from '../capture/privacy';
import { createScope, guard } from '../scope';
import type { Nudge, NudgeAction } from '../wire';
import { buildCard } from './card';
import type { Renderer, RendererOptions, Report } from './contract';
import { createHost } from './host';
import { labelsFor } from './labels';
import { reserve } from './position';
import { alive, isExpired } from './queue';
import { openSurface } from './surface';

/** Something to show. */
interface Entry {
  readonly nudge: Nudge;
  readonly expires_at: string;
  /** The address at which it came. */
  readonly page: string;
  /** Tells once per status, and nothing after a final one. */
  readonly tell: Report;
}

/** A pause between two surfaces, so that one answer does not look like the next question; milliseconds. */
const PAUSE_MS = 500;

export function createRenderer({ theme, onAction, onChat }: RendererOptions): Renderer {
  const scope = createScope();
  const host = createHost(scope);
  let waiting: readonly Entry[] = [];
  /** What is on screen, and how to take it away. */
  let current: Entry | undefined;
  let end = (): void => {};
  let pausing = false;

  const close = (): void => {
    end();
    current = undefined;
  };
  /** Takes the surface away; the next one comes after a pause. */
  const leave = (): void => {
    if (!current) return;
    close();
    pausing = true;
    scope.wait(PAUSE_MS, () => {
      pausing = false;
      proceed();
    });
  };
  const finish = (tell: Report, ...told: Parameters<Report>): void => {
    leave();
    tell(...told);
  };
  const open = (entry: Entry): void => {
    const { nudge, page, tell } = entry;
    const choose = guard((action: NudgeAction) => {
      finish(tell, action.kind === 'dismiss' ? 'dismissed' : action.kind === 'snooze' ? 'snoozed' : 'clicked', action);
      onAction?.(action, nudge);
      if (action.kind === 'chat') onChat?.(nudge);
    });
    const card = buildCard(nudge, labelsFor(nudge.language), choose, () => tell('clicked'), !!onChat);
    current = entry;
    end = openSurface({
      host,
      card,
      page,
      selector: nudge.nudge_type === 'tooltip' ? (nudge.target_element ?? '') : null,
      onAppear() {
        // A target may have come so late that the nudge has expired: then it is never seen.
        const stale = isExpired(entry, Date.now());
        if (stale) leave();
        return !stale;
      },
      onSeen: () => tell('shown'),
      onDismiss: () => finish(tell, 'dismissed'),
      onOver: leave,
    });
  };
  /** Takes the next entry when the screen is free and somebody may be looking. */
  const proceed = (): void => {
    if (current || pausing || document.visibilityState !== 'visible') return;
    const [next, ...rest] = alive(waiting, Date.now());
    waiting = rest;
    if (next) open(next);
  };
  const enqueue = (entry: Entry): void => {
    waiting = [...waiting, entry];
    proceed();
  };

  scope.own(close);
  scope.listen('visibilitychange', proceed, document);
  host.paint(theme);

  return {
    setTheme: host.paint,
    show(nudge, report) {
      const { nudge_id, nudge_type, stuck_point, expires_at } = nudge;
      if (nudge_type === 'email_draft' || [current, ...waiting].some((entry) => entry?.nudge.nudge_id === nudge_id)) return;
      const entry = { nudge, expires_at, page: here(), tell: teller(report) };
      if (current?.nudge.stuck_point !== stuck_point || isExpired(entry, Date.now())) return enqueue(entry);
      // Newer help for what the one on screen speaks of takes its place at once.
      close();
      waiting = [entry, ...waiting];
      proceed();
    },
    reserve,
    hide(nudgeId) {
      waiting = waiting.filter(({ nudge }) => nudge.nudge_id !== nudgeId);
      if (current?.nudge.nudge_id === nudgeId) leave();
    },
    destroy() {
      waiting = [];
      scope.end();
    },
  };
}

function teller(report: Report): Report {
  let isShown = false;
  let isOver = false;
  return (status, action) => {
    // Whoever acts on a card has seen it, even before the observers say so.
    if (!isShown) report('shown');
    isShown = true;
    if (isOver || status === 'shown') return;
    isOver = true;
    report(status, action);
  };
}
