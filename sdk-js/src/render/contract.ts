/**
 * The boundary between the SDK's core and its rendering: the core decides what a tab shows and when, the renderer how.
 * The core never imports the renderer; entry points hand one in.
 */

import type { Nudge, NudgeAction, NudgeStatus } from '../wire';

/** Custom properties (`--oa-accent`, …) and the colour scheme; what is left out keeps its value. */
export interface Theme {
  readonly scheme?: 'light' | 'dark' | 'auto';
  readonly variables?: Readonly<Record<string, string>>;
}

/** Tells what became of a nudge; called at most once per status. */
export type Report = (status: NudgeStatus, action?: NudgeAction) => void;

export interface Renderer {
  /** Queues a nudge; one surface is on screen at a time. */
  show(nudge: Nudge, report: Report): void;
  setTheme(theme: Theme): void;
  /** Keeps so many pixels at the lower edge free of cards in a corner. */
  reserve(pixels: number): void;
  /** Takes a nudge off the screen or out of the queue, without a report. */
  hide(nudgeId: string): void;
  destroy(): void;
}

export interface RendererOptions {
  readonly theme?: Theme;
  readonly onAction?: (action: NudgeAction, nudge: Nudge) => void;
  /** The user wants to talk about a nudge. */
  readonly onChat?: (nudge: Nudge) => void;
}

export type RendererFactory = (options: RendererOptions) => Renderer;
