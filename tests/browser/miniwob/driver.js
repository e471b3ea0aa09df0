// Runs in the page: names the next thing to do, and compares what the browser dispatched with what the SDK queued.
(() => {
  const QUEUE = 'oa:pk_test:e:';
  const watched = 'OnboardingAgent' in window;
  const CANDIDATES = 'input,textarea,select,button,a,label,summary,[onclick],[role=button],.alink,svg *,li,td,span,div';
  let natives = [];
  let faults = [];
  let seen = new Set();

  Math.seedrandom('fixed');
  core.EPISODE_MAX_TIME = 1e6;
  core.startEpisodeReal();

  const queued = () =>
    Object.keys(localStorage).filter((key) => key.startsWith(QUEUE) && !seen.has(key)).sort()
      .map((key) => [key, JSON.parse(localStorage.getItem(key))]);
  queued().forEach(([key]) => seen.add(key));

  const find = (selector) => selector.split(' >>> ').reduce((root, part) => root && (root.shadowRoot ?? root).querySelector(part), document);
  const isIt = (found, target) => found && (found === target || found.contains(target) || target.control === found || target.closest('label')?.control === found);

  // Registered after the SDK's own listeners on the window: it has seen the event by now, the page has not.
  for (const type of ['click', 'change', 'submit']) {
    addEventListener(type, (event) => {
      if (!event.isTrusted) return;
      natives.push({ type, target: event.target });
      if (!watched) return;
      const last = queued().map(([, value]) => value).filter((value) => value.event_type === type).pop();
      if (!last) faults.push(`${type} was not captured`);
      else if (!last.target_element) faults.push(`${type} has no selector`);
      else if (!isIt(find(last.target_element), event.target)) faults.push(`${type}: ${last.target_element} is another element`);
    }, true);
  }

  const isVisible = (element) => {
    const { width, height, x, y } = element.getBoundingClientRect();
    if (width < 2 || height < 2) return false;
    const top = document.elementFromPoint(x + width / 2, y + height / 2);
    return top && (top === element || element.contains(top));
  };
  const isField = (element) => element.matches('textarea,input:not([type=button],[type=submit],[type=checkbox],[type=radio],[type=range],[type=color])');
  const rank = (element) => (element.matches('input,textarea,select,button,a') ? 0 : element.matches('label,[onclick],.alink,summary') ? 1 : 2);

  window.driver = {
    /** Where to click, and what to do there; null when there is nothing. */
    aim(step) {
      if (WOB_DONE_GLOBAL) core.startEpisodeReal();
      natives = [];
      faults = [];
      const area = document.querySelector('#area') ?? document.body;
      const all = [...area.querySelectorAll(CANDIDATES)].filter(isVisible);
      all.sort((a, b) => rank(a) - rank(b));
      const element = all[step % Math.max(1, all.length)] ?? area;
      const { x, y, width, height } = element.getBoundingClientRect();
      const what = element.localName + (element.id && '#' + element.id);
      const todo = isField(element) ? 'type' : element.matches('select') ? 'choose' : 'click';
      return { x: x + width / 2, y: y + height / 2, what, do: todo, form: !!element.form, text: element.type === 'date' ? '01012020' : '12' };
    },
    /** What the SDK captured since, and where that differs from what the browser dispatched. */
    report() {
      const fresh = queued();
      fresh.forEach(([key]) => seen.add(key));
      const captured = {};
      for (const [, { event_type }] of fresh) captured[event_type] = (captured[event_type] ?? 0) + 1;
      if (!watched) return { captured: {}, faults: [] };
      for (const type of ['click', 'change', 'submit']) {
        const happened = natives.filter((native) => native.type === type);
        // The browser repeats a click on a label at its field: one click of the user's.
        const forwarded = type === 'click' ? happened.filter(({ target }, index) => index && happened[index - 1].target.closest('label')?.control === target) : [];
        const expected = happened.length - forwarded.length;
        if ((captured[type] ?? 0) !== expected) faults.push(`${expected} × ${type} happened, ${captured[type] ?? 0} captured`);
      }
      return { captured, faults };
    },
  };
})();
