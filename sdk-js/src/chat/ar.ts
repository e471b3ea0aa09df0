/** The chat's script in Arabic. */

import { start } from './chat';
import type { ChatModule } from './port';
import { WORDS } from './words/ar';

export const startChat: ChatModule['startChat'] = (port) => start(port, WORDS);
