/**
 * The chat's script: opens and closes the panel, floats it or stands it within the page, and draws what the model knows. The
 * rest of the SDK loads it when it is needed, and reaches it through `port.ts` alone.
 */

import type { ChatOptions } from '../options';
import { createKit } from './kit';
import { createLauncher } from './launcher';
import { createModel } from './model';
import { createPanel } from './panel';
import { type Chat, type ChatPort, GOING, type Told } from './port';
import { createView } from './view';
import type { Words } from './words/words';

/** Set while the panel is open in this tab: it is again after the next page load. */
const OPEN = 'oa:open:';
/** What the launcher takes of the page's lower edge; CSS pixels. */
const LAUNCHER_PX = 72;

export function start(given: ChatPort, words: Words): Chat {
  const port = { ...given, language: tagOf(given.language) };
  const { options, scope, store } = port;
  const settings = Object(options.chat) as ChatOptions;
  const view = createView(port);
  let isOpen = false;
  let mounted: Element | null = null;
  let told = 0;
  /** Where focus was before the panel took it. */
  let before: Element | null = null;

  const draw = (): void => {
    const scene = model.scene();
    const isShown = isOpen || !!mounted;
    const isWanted = settings.launcher !== false && (!!options.chat || !!store.read(GOING));
    if (isShown && document.visibilityState === 'visible') model.read();
    panel.root.hidden = !isShown;
    launcher.draw(scene, !isShown && isWanted && scene.phase !== 'gone');
    if (isShown) panel.draw(scene);
    port.reserve(isOpen ? Infinity : launcher.button.hidden ? 0 : LAUNCHER_PX);
    const { length } = scene.unread;
    if (length !== told) port.guard(() => settings.onUnread?.((told = length)))();
  };
  const setOpen = (next: boolean): void => {
    isOpen = next;
    port.guard(() => sessionStorage.setItem(OPEN + options.apiKey, next ? '1' : ''))();
    if (next) model.wake();
    draw();
    panel.appear(!!mounted);
  };
  const open = (): void => {
    if (document.activeElement !== view.element) before = document.activeElement;
    if (!mounted) setOpen(true);
    panel.box.focus();
  };
  const close = (): void => {
    const hadFocus = view.root.matches(':focus-within');
    setOpen(false);
    const back = launcher.button.hidden ? before : launcher.button;
    if (hadFocus) (back as HTMLElement | null)?.focus();
  };
  const mount = (element: Element | null): void => {
    mounted = element;
    if (element) {
      isOpen = false;
      model.wake();
    }
    view.settle(element);
    draw();
    panel.appear(!!element);
  };

  const model = createModel(port, words, () => draw());
  const kit = createKit(port, words, model, view.announce);
  const panel = createPanel(kit, settings.title ?? words.assistant, close);
  const launcher = createLauncher(kit, open);
  scope.own(() => port.reserve(0));
  scope.listen('visibilitychange', draw);
  port.themes.forEach(view.paint);
  view.root.append(...launcher.parts, panel.root);
  view.settle(null);
  model.hear({ type: 'look' });
  draw();
  if (port.guard(() => sessionStorage.getItem(OPEN + options.apiKey))()) setOpen(true);

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

/** A language that the browser can work with: some pages name theirs as no standard does. */
function tagOf(language: string): string {
  try {
    return new Intl.Locale(language).baseName;
  } catch {
    return 'en';
  }
}
