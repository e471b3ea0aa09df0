/**
 * The chat's script: opens and closes the panel, floats it or stands it within the page, and draws what the model knows. The
 * rest of the SDK loads it when it is needed, and reaches it through `port.ts` alone.
 */

import { createScope } from '../scope';
import { createStore } from '../store';
import { createLauncher } from './launcher';
import { type Model, createModel } from './model';
import { createPanel } from './panel';
import { type Chat, type ChatPort, GOING, type Told } from './port';
import { createRemote } from './remote';
import { createView } from './view';
import { type Words, wordsFor } from './words';

interface Settings {
  readonly launcher?: boolean;
  readonly title?: string;
  readonly greeting?: string;
  readonly onUnread?: (count: number) => void;
}

/** Set while the panel is open in this tab: it is again after the next page load. */
const OPEN = 'chatopen';
/** What the launcher takes of the page's lower edge; CSS pixels. */
const LAUNCHER_PX = 72;

export function startChat(port: ChatPort): Chat {
  const { options, site, signal } = port;
  const settings = Object(options.chat) as Settings;
  const scope = createScope();
  const store = createStore(site);
  const tab = createStore(site, () => sessionStorage);
  const { language, direction } = tongueOf(port);
  const words: Words = wordsFor(language);
  const view = createView(scope, language, direction);
  let isOpen = false;
  let mounted: Element | null = null;
  let told = 0;
  /** Where focus was before the panel took it. */
  let before: Element | null = null;

  const isSeen = (): boolean => (isOpen || !!mounted) && document.visibilityState === 'visible';
  const draw = (): void => {
    if (scope.signal.aborted) return;
    const scene = model.scene();
    if (isSeen()) model.read();
    panel.root.hidden = !isOpen && !mounted;
    const hasLauncher = settings.launcher !== false && (!!options.chat || !!store.read(GOING));
    launcher.draw(scene, hasLauncher && panel.root.hidden);
    if (!panel.root.hidden) panel.draw(scene);
    port.reserve(isOpen && !mounted ? Infinity : launcher.button.hidden ? 0 : LAUNCHER_PX);
    const { length } = scene.unread;
    if (length !== told) settings.onUnread?.((told = length));
  };
  const model: Model = createModel(scope, port, store, createRemote(port), language, words, () => draw());
  const setOpen = (next: boolean): void => {
    isOpen = next;
    if (next) tab.save(OPEN, true);
    else tab.forget(OPEN);
    if (next) model.wake();
    draw();
    if (next) panel.appear(!!mounted);
  };
  const open = (): void => {
    if (!panel.root.contains(focused())) before = focused();
    setOpen(true);
    panel.box.focus();
  };
  const close = (): void => {
    const hadFocus = !!view.root.querySelector(':focus');
    setOpen(false);
    const back = launcher.button.hidden ? before : launcher.button;
    if (hadFocus) (back as HTMLElement | null)?.focus?.();
  };
  /** The innermost element that has the focus. */
  const focused = (): Element | null => view.root.querySelector(':focus') ?? document.activeElement;

  const announce = (text: string): void => view.announce(text);
  const panel = createPanel({
    scope,
    words,
    language,
    title: settings.title ?? words.title,
    greeting: settings.greeting ?? words.greeting,
    wishes: model,
    close,
    announce,
  });
  const launcher = createLauncher(
    words,
    open,
    ({ role, author }) => (role === 'agent' ? (author ?? words.person) : words.assistant),
    announce,
  );
  const mount = (element: Element | null): void => {
    mounted = element;
    view.settle(element);
    if (element) model.wake();
    draw();
    panel.appear(!!element);
  };

  signal.addEventListener('abort', scope.end);
  scope.own(() => port.reserve(0));
  scope.listen('visibilitychange', draw);
  port.themes.forEach(view.paint);
  view.root.append(...launcher.parts, panel.root);
  panel.root.hidden = true;
  view.settle(null);
  model.hear({ type: 'look' });
  if (tab.read(OPEN)) setOpen(true);

  return (event: Told) => {
    model.hear(event);
    if (event.type === 'theme') view.paint(event.theme);
    else if (event.type === 'mount') mount(event.element);
    else if (event.type === 'open') {
      if (event.nudge) model.quote(event.nudge);
      open();
    } else if (mounted && !mounted.isConnected) mount(null);
    else view.settle(mounted);
  };
}

/** The interface's language, and which way it runs: as the host says, else as the page is. */
function tongueOf({ options: { locale, direction } }: ChatPort): { language: string; direction: 'ltr' | 'rtl' } {
  const page = document.documentElement;
  const language = locale || page.lang || navigator.language;
  const isRtl = locale ? /^(ar|he|fa|ur)\b/i.test(locale) : getComputedStyle(page).direction === 'rtl' || /^ar\b/i.test(language);
  return { language: isTag(language) ? language : 'en', direction: direction ?? (isRtl ? 'rtl' : 'ltr') };
}

function isTag(language: string): boolean {
  try {
    return !!Intl.getCanonicalLocales(language);
  } catch {
    return false;
  }
}
