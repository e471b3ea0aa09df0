import { StrictMode, act, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OnboardingChat } from '../src/react';

const page = globalThis as typeof globalThis & { OnboardingAgent?: unknown; IS_REACT_ACT_ENVIRONMENT?: boolean };

describe('OnboardingChat', () => {
  beforeEach(() => {
    page.IS_REACT_ACT_ENVIRONMENT = true;
    document.body.innerHTML = '<div id="app"></div>';
  });
  afterEach(() => delete page.OnboardingAgent);

  const render = async (agent?: { mountChat: (element: Element | null) => void }) => {
    const root = createRoot(document.getElementById('app')!);
    await act(() => root.render(createElement(StrictMode, {}, createElement(OnboardingChat, { agent, className: 'chat', style: { height: 480 } }))));
    return root;
  };

  it('mounts the chat into its element, and takes it out when it goes', async () => {
    const mountChat = vi.fn();
    const root = await render({ mountChat });
    const element = document.querySelector('.chat') as HTMLElement;
    expect(element.style.height).toBe('480px');
    expect(mountChat).toHaveBeenLastCalledWith(element);
    await act(() => root.unmount());
    expect(mountChat).toHaveBeenLastCalledWith(null);
  });

  it('takes the global of the script tag, also when that comes later', async () => {
    await render();
    const mountChat = vi.fn();
    page.OnboardingAgent = { mountChat };
    window.dispatchEvent(new Event('load'));
    expect(mountChat).toHaveBeenCalledWith(document.querySelector('.chat'));
  });

  it('does nothing on a page without the SDK', async () => {
    const root = await render();
    await act(() => root.unmount());
  });
});
