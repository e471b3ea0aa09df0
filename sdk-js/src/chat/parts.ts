/** What the model is made of: each part knows one thing, and who acts (`wishes`, `hearing`) is given all of them. */

import type { Desk } from './desk';
import type { Ledger } from './ledger';
import type { Link } from './link';
import type { Moment, Notice } from './moment';
import type { ChatPort } from './port';
import type { Drawer } from './unsent';
import type { Words } from './words/words';

export interface Parts {
  readonly port: ChatPort;
  readonly words: Words;
  readonly ledger: Ledger;
  readonly desk: Desk;
  readonly drawer: Drawer;
  readonly link: Link;
  readonly notice: Notice;
  /** A person was asked for, or not any more, and nobody has said anything to that yet. */
  readonly asking: Moment;
  /** The user has stopped the answer, and the server has not said how far it came. */
  readonly stopped: Moment;
}
