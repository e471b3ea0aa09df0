import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startClient } from '../src/client';
import { pass, tokenOf } from './fakes';

describe('how soon events are sent', () => {
  const sent: string[][] = [];
  let client: ReturnType<typeof startClient>;
  beforeEach(async () => {
    vi.useFakeTimers();
    localStorage.clear();
    sent.length = 0;
    vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
      sent.push((JSON.parse(body) as { events: { event_type: string }[] }).events.map((event) => event.event_type));
      return { status: 202, headers: new Headers(), json: async () => ({}) };
    });
    client = startClient({ apiKey: 'pk', apiUrl: 'https://api.example', userToken: tokenOf('u1'), capture: false }, {}, () => {});
    await pass(100);
  });
  afterEach(() => {
    client.stop();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it.each(['submit_failed', 'rage_click', 'dead_click', 'error_click', 'help_click', 'cancel_click', 'back_click', 'error_encountered'])(
    '%s goes within a moment, and takes along what waits',
    async (name) => {
      client.track('page_view');
      client.track(name);
      await pass(150);
      expect(sent).toEqual([]);
      await pass(100);
      expect(sent).toEqual([['page_view', name]]);
    },
  );

  it.each(['click', 'change', 'page_view', 'cta_click', 'my_error_click'])('%s waits for the tick', async (name) => {
    client.track(name);
    await pass(1000);
    expect(sent).toEqual([]);
    await pass(5000);
    expect(sent).toEqual([[name]]);
  });

  it('a storm is sent in handfuls', async () => {
    for (let at = 0; at < 8; at++) {
      client.track('error_click');
      await pass(40);
    }
    await pass(200);
    expect(sent.map((batch) => batch.length)).toEqual([5, 3]);
  });
});
