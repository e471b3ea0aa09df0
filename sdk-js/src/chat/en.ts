/** The chat's script in English, and for languages that it has no words of. */

import { start } from './chat';
import type { ChatModule } from './port';
import { WORDS } from './words/en';

export const startChat: ChatModule['startChat'] = (port) => start(port, WORDS);
