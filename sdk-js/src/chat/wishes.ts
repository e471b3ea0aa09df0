/** What the user wishes by writing and pressing: it goes to the gateway, and shows at once what it will come to. */

import type { ChatOptions } from '../options';
import type { ClientFrame } from '../wire';
import type { Parts } from './parts';
import { OUTBOX } from './port';
import type { Wishes } from './scene';
import { change, drop, linesOf, put } from './talk';

export function createWishes({ port, words, ledger, desk, drawer, notice, asking, stopped }: Parts, changed: () => void): Wishes {
  const { playbook } = Object(port.options.chat) as ChatOptions;
  const { talk, update, sync } = ledger;
  const post = (frame: ClientFrame): void => {
    port.store.save(OUTBOX + port.id(), frame);
    port.poke();
  };
  const send = (text: string): void => {
    const { conversation, ended } = talk();
    const at = Date.now();
    stopped.end();
    drawer.send(port.id(), { user: ledger.user(), text, conversation: ended ? null : conversation, playbook, at, sent: at });
    sync();
  };

  return {
    send,
    reload: () => void desk.load(),
    retry({ message_id }) {
      const unsent = drawer.all(ledger.user()).get(message_id);
      if (unsent) drawer.send(message_id, { ...unsent, hurried: false });
      sync();
    },
    remove({ message_id }) {
      drawer.forget(message_id);
      update(drop(talk(), message_id));
    },
    rate({ message_id }, rating) {
      post({ type: 'feedback', message_id, rating });
      notice.say(words.thanks);
      update(change(talk(), message_id, { rating }));
    },
    stop() {
      const { conversation } = talk();
      if (conversation) post({ type: 'stop', conversation_id: conversation });
      stopped.begin();
      update({ ...talk(), owed: 0 });
    },
    human() {
      const { conversation, ended } = talk();
      if (conversation && !ended) post({ type: 'request_human', conversation_id: conversation });
      else send(words.wish);
      asking.begin();
      changed();
    },
    cancel() {
      post({ type: 'cancel_human', conversation_id: talk().conversation! });
      asking.begin();
      changed();
    },
    async earlier() {
      const page = await desk.older();
      if (!page) notice.say(words.wrong);
      update(put(talk(), linesOf(page?.items ?? [])));
    },
    anew: () => update({ ...talk(), conversation: null, ended: false }),
  };
}
