/** The chat's own words, in the languages the product proves. What is said in the conversation comes from the server. */

export interface Words {
  readonly title: string;
  readonly greeting: string;
  readonly open: string;
  readonly close: string;
  readonly conversation: string;
  readonly write: string;
  readonly send: string;
  readonly stop: string;
  readonly you: string;
  readonly assistant: string;
  readonly person: string;
  readonly writing: string;
  readonly sources: string;
  readonly source: string;
  readonly up: string;
  readonly down: string;
  readonly thanks: string;
  readonly sending: string;
  readonly waiting: string;
  readonly failed: string;
  readonly tooMany: string;
  readonly tooLong: string;
  readonly spent: string;
  readonly retry: string;
  readonly remove: string;
  readonly earlier: string;
  readonly latest: string;
  readonly fresh: string;
  readonly ended: string;
  readonly anew: string;
  readonly stopped: string;
  readonly human: string;
  readonly leave: string;
  /** What is sent for the user who asks for a person before anything was said. */
  readonly wish: string;
  readonly asked: string;
  readonly back: string;
  readonly offline: string;
  readonly loading: string;
  readonly broken: string;
  readonly gone: string;
  readonly wrong: string;
  readonly with: (name: string) => string;
  readonly promise: (time: string) => string;
  readonly reference: (id: string) => string;
  readonly unread: (count: number) => string;
  readonly limit: (length: string, most: string) => string;
}

const ENGLISH: Words = {
  title: 'Assistant',
  greeting: 'Hello! What can I help you with?',
  open: 'Open chat',
  close: 'Close chat',
  conversation: 'Conversation',
  write: 'Write a message',
  send: 'Send',
  stop: 'Stop answering',
  you: 'You',
  assistant: 'Assistant',
  person: 'Support',
  writing: 'is writing…',
  sources: 'Sources',
  source: 'Source',
  up: 'This helped',
  down: 'This did not help',
  thanks: 'Thank you for telling us.',
  sending: 'Sending…',
  waiting: 'Waiting for the connection…',
  failed: 'Not sent.',
  tooMany: 'Not sent: too many messages at once. Please wait a moment.',
  tooLong: 'Not sent: the message is too long.',
  spent: 'Not sent: the limit for today is reached.',
  retry: 'Try again',
  remove: 'Delete',
  earlier: 'Show earlier messages',
  latest: 'Newest messages',
  fresh: 'New conversation',
  ended: 'This conversation has ended.',
  anew: 'Start a new one',
  stopped: 'Stopped',
  human: 'Talk to a person',
  leave: 'Leave a message for a person',
  wish: 'I would like to talk to a person.',
  asked: 'We have asked a person to join. You can go on writing.',
  back: 'The assistant answers again.',
  offline: 'You are offline. What you write is sent as soon as you are back.',
  loading: 'Loading the conversation…',
  broken: 'The conversation could not be loaded.',
  gone: 'The chat is not available at the moment.',
  wrong: 'That did not work. Please try again.',
  with: (name) => `You are talking to ${name}.`,
  promise: (time) => `A person will answer by ${time}. You can go on writing, or close the chat.`,
  reference: (id) => `Reference: ${id}`,
  unread: (count) => (count === 1 ? '1 unread message' : `${count} unread messages`),
  limit: (length, most) => `${length} of ${most} characters`,
};

const ARABIC: Words = {
  title: 'المساعد',
  greeting: 'أهلًا بك! كيف يمكنني مساعدتك؟',
  open: 'فتح المحادثة',
  close: 'إغلاق المحادثة',
  conversation: 'المحادثة',
  write: 'اكتب رسالة',
  send: 'إرسال',
  stop: 'إيقاف الإجابة',
  you: 'أنت',
  assistant: 'المساعد',
  person: 'فريق الدعم',
  writing: 'يكتب الآن…',
  sources: 'المصادر',
  source: 'المصدر',
  up: 'كان هذا مفيدًا',
  down: 'لم يكن هذا مفيدًا',
  thanks: 'شكرًا على رأيك.',
  sending: 'جارٍ الإرسال…',
  waiting: 'في انتظار الاتصال…',
  failed: 'لم تُرسل الرسالة.',
  tooMany: 'لم تُرسل: رسائل كثيرة دفعة واحدة. يُرجى الانتظار قليلًا.',
  tooLong: 'لم تُرسل: الرسالة أطول من المسموح.',
  spent: 'لم تُرسل: بلغت الحد المسموح به اليوم.',
  retry: 'إعادة المحاولة',
  remove: 'حذف',
  earlier: 'عرض الرسائل السابقة',
  latest: 'أحدث الرسائل',
  fresh: 'محادثة جديدة',
  ended: 'انتهت هذه المحادثة.',
  anew: 'بدء محادثة جديدة',
  stopped: 'أُوقفت الإجابة',
  human: 'التحدث إلى شخص',
  leave: 'ترك رسالة لأحد الموظفين',
  wish: 'أودّ التحدث إلى شخص.',
  asked: 'طلبنا من أحد الموظفين الانضمام. يمكنك متابعة الكتابة.',
  back: 'عاد المساعد للإجابة.',
  offline: 'أنت غير متصل. سيُرسل ما تكتبه فور عودة الاتصال.',
  loading: 'جارٍ تحميل المحادثة…',
  broken: 'تعذّر تحميل المحادثة.',
  gone: 'المحادثة غير متاحة في الوقت الحالي.',
  wrong: 'لم ينجح ذلك. يُرجى المحاولة مرة أخرى.',
  with: (name) => `أنت تتحدث إلى ${name}.`,
  promise: (time) => `سيجيبك أحد الموظفين قبل ${time}. يمكنك متابعة الكتابة أو إغلاق المحادثة.`,
  reference: (id) => `الرقم المرجعي: ${id}`,
  unread: (count) => ARABIC_UNREAD[new Intl.PluralRules('ar').select(count)]?.replace('#', `${count}`) ?? `${count} رسالة غير مقروءة`,
  limit: (length, most) => `${length} من ${most} حرف`,
};

const ARABIC_UNREAD: Partial<Record<Intl.LDMLPluralRule, string>> = {
  one: 'رسالة واحدة غير مقروءة',
  two: 'رسالتان غير مقروءتان',
  few: '# رسائل غير مقروءة',
};

/** The words for a BCP 47 tag such as "ar-EG"; English where there is no translation. */
export const wordsFor = (language: string): Words => (/^ar\b/i.test(language) ? ARABIC : ENGLISH);
