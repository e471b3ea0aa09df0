/** The chat's session with the API: whether this user has a chat, where the conversation stands, and what is older. */

import type { ChatOptions } from '../options';
import type { ChatPage, ChatSession } from '../wire';
import { type ChatPort, GOING } from './port';
import type { Refusal, Remote } from './remote';
import type { Phase } from './scene';

export interface Desk {
  phase(): Phase;
  session(): ChatSession | undefined;
  /** Whether there is something older to load. */
  hasOlder(): boolean;
  /** Somebody else uses the chat from now on: asks whether they have one, unless that was asked lately. */
  meet(user: string): void;
  load(): Promise<void>;
  /** The next older page, or undefined when it cannot be had. */
  older(): Promise<ChatPage | undefined>;
  /** This user has no chat any more. */
  close(): void;
}

/** `[user, when, gone]`: what the API last said of whether they have a chat. */
const CHECKED = 'chatcheck';
type Check = readonly [user: string, at: number, isGone: boolean];
/** For so long that holds without asking again; milliseconds. */
const CHECK_MS = 30 * 60_000;
export const GONE = 'conversations_unavailable';

/** @param take is given each session; whether it follows on what is here. @param changed after each attempt. */
export function createDesk(
  { store, identity, language, options, guard }: ChatPort,
  remote: Remote,
  take: (session: ChatSession) => boolean,
  changed: () => void,
): Desk {
  const { playbook } = Object(options.chat) as ChatOptions;
  let user = '';
  let phase: Phase = 'idle';
  let session: ChatSession | undefined;
  let cursor: string | null = null;
  let loading = false;

  const settle = (isGone: boolean): void => {
    phase = isGone ? 'gone' : 'ready';
    store.save(CHECKED, [user, Date.now(), isGone]);
  };
  const ask = async (): Promise<void> => {
    const asked = user;
    const answer = await remote.open(playbook, language).catch((error: Refusal) => error);
    if (asked !== user) return;
    if (answer instanceof Error) {
      if (answer.code === GONE) settle(true);
      else if (phase !== 'ready') phase = 'broken';
      return;
    }
    settle(false);
    const follows = take(answer) && !!session;
    session = answer;
    if (!follows) cursor = answer.next_cursor;
  };
  const load = guard(async () => {
    if (loading) return;
    loading = true;
    if (phase !== 'ready') phase = 'loading';
    changed();
    await identity.refresh().catch(() => {});
    changed();
    await ask();
    loading = false;
    changed();
  }) as () => Promise<void>;

  return {
    phase: () => phase,
    session: () => session,
    hasOlder: () => !!cursor,
    load,
    close: () => settle(true),
    meet(next) {
      user = next;
      session = undefined;
      cursor = null;
      const [whose, at = 0, isGone] = store.read<Check>(CHECKED) ?? [];
      const isFresh = whose === user && Date.now() - at < CHECK_MS;
      phase = isFresh && isGone ? 'gone' : 'idle';
      if (!isFresh || store.read(GOING)) void load();
    },
    async older() {
      for (const isRenewed of [false, true]) {
        try {
          const page = await remote.older(session!.token, cursor!);
          cursor = page.next_cursor;
          return page;
        } catch (error) {
          if (isRenewed || (error as Refusal).status !== 401) return undefined;
          await load();
        }
      }
      return undefined;
    },
  };
}
