/** What frames of the gateway make of all that the chat knows. */

import type { ErrorFrame, ServerFrame } from '../wire';
import { GONE } from './desk';
import type { Parts } from './parts';
import { change, handledBy, hear } from './talk';
import { startsAnew } from './unsent';

/** Why a wish for a person cannot be taken back: what the panel says of who answers tells it well enough. */
const CANNOT_CANCEL = /^(person|nobody)_/;

const isOfPerson = (frame: ServerFrame): boolean =>
  frame.type === 'message' ? frame.role === 'agent' : frame.type === 'handoff' && frame.handled_by !== 'agent';

/** Returns what is to be called with each frame. */
export function createHearing({ words, ledger, desk, drawer, notice, asking, stopped }: Parts): (frame: ServerFrame) => void {
  const { talk, update, sync } = ledger;
  const hearError = ({ code, client_message_id: id, message_id }: ErrorFrame): void => {
    const unsent = id && drawer.all(ledger.user()).get(id);
    const { handling } = talk();
    if (code === GONE) desk.close();
    if (unsent && startsAnew(unsent, code)) drawer.send(id, { ...unsent, conversation: null, again: true });
    else if (unsent) drawer.fail(id, code);
    else if (CANNOT_CANCEL.test(code)) update({ ...talk(), handling: { ...handling, may_cancel: false } });
    else if (!id) notice.say(words.wrong);
    if (message_id) update(change(talk(), message_id, { rating: undefined }));
    asking.end();
    stopped.end();
    sync();
  };

  return (frame) => {
    if (frame.type === 'error') return hearError(frame);
    if ('client_message_id' in frame && frame.client_message_id) drawer.forget(frame.client_message_id);
    if (frame.type === 'handoff') {
      notice.say(frame.handled_by === 'agent' && handledBy(talk()) !== 'agent' ? words.back : '');
      asking.end();
      stopped.end();
    }
    if (frame.type === 'message') stopped.end();
    // Who talks to a person has a chat, also where the assistant is switched off.
    if (desk.phase() === 'gone' && isOfPerson(frame)) void desk.load();
    update(hear(talk(), frame, Date.now()));
  };
}
