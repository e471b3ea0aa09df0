/**
 * Nudges that came for the user, and which of them were shown. The leading tab puts them into the store, the tab on stage
 * hands them to its renderer; none is shown twice, however many tabs or reloads there are.
 */

import { here } from './capture/privacy';
import { OUTBOX, GOING, UNSENT } from './chat/port';
import { uuid7 } from './ids';
import type { Renderer } from './render/contract';
import { type Scope, guard } from './scope';
import { type Store, createStore } from './store';
import type { Nudge, NudgeFrame, ServerFrame } from './wire';

/** A nudge, as it came; `page` is where it is on screen and may not have been read yet. */
type Item = NudgeFrame & { readonly page?: string };

export interface Inbox {
  /** A frame from the gateway. */
  receive(frame: ServerFrame): void;
  /** The store may have changed: shows what waits, takes away what is over. */
  look(): void;
  /** This tab got the stage, or lost it. */
  stand(onStage: boolean): void;
  /** Forgets what waits for the user who leaves; what was shown stays known. */
  clear(): void;
}

/** `n:<id>` holds an item while it waits, then when it was shown; below zero, when it was over. Unix milliseconds. */
const ITEM = 'n:';
/** A nudge that was on screen for less than this comes back when the page is loaded anew. */
const READ_MS = 3000;
/** Longer than any nudge lives. */
const SEEN_MS = 30 * 24 * 3600_000;

/** @param poke tells all tabs, this one too, that the store changed. */
export function createInbox(scope: Scope, site: string, outbox: Store, renderer: Renderer, poke: () => void): Inbox {
  let onStage = false;
  /** Handed to this tab's renderer. */
  const handed = new Set<string>();

  const { read, save, forget, names } = createStore(site + ITEM);
  const held = (id: string): Item | number | undefined => read(id);

  const mark = (id: string, time: number): void => {
    save(id, time);
    for (const each of names('')) if (Math.abs(+held(each)!) < Date.now() - SEEN_MS) forget(each);
  };
  const put = (id: string, item: Item): void => {
    if (held(id) === undefined) save(id, item);
    poke();
  };
  const show = guard((id: string, item: Item) => {
    handed.add(id);
    renderer.show(item.nudge, guard((status) => {
      const settle = (): void => mark(id, Date.now());
      if (status !== 'shown') settle();
      else {
        save(id, { ...item, page: here() });
        scope.wait(READ_MS, settle);
      }
      outbox.save(OUTBOX + uuid7(), { type: 'nudge.ack', nudge_id: id, status });
      poke();
    }));
  });
  const look = (): void => {
    for (const id of handed) {
      const item = held(id);
      // What was shown may stay; what is over, or waits for another tab, goes.
      if (+item! > 0 || (onStage && typeof item === 'object')) continue;
      handed.delete(id);
      renderer.hide(id);
    }
    for (const id of onStage ? names('') : []) {
      const item = held(id);
      if (typeof item !== 'object' || handed.has(id)) continue;
      if ((item.page ?? here()) === here()) show(id, item);
      else mark(id, Date.now());
    }
  };

  return {
    look,
    receive(frame) {
      if (frame.type === 'nudge' && isWhole(frame.nudge)) put(frame.nudge.nudge_id, frame);
      else if (frame.type === 'nudge.status') {
        // Another device showed it. What is on screen here already may stay, until somebody decides about it.
        if (frame.status !== 'shown' || !(+held(frame.nudge_id)! > 0)) mark(frame.nudge_id, -Date.now());
        poke();
      }
    },
    stand(next) {
      onStage = next;
      look();
    },
    clear() {
      names('').filter((id) => !+held(id)!).forEach(forget);
      for (const begin of [OUTBOX, UNSENT, GOING]) outbox.names(begin).forEach(outbox.forget);
      look();
    },
  };
}

/** What cannot be shown is better never kept. */
const isWhole = ({ nudge_id, title, body, actions }: Nudge): boolean => !!(nudge_id && title && body && Array.isArray(actions));
