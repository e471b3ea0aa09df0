/**
 * The look of every surface, as one sheet for the shadow root.
 *
 * `:host` rules are `!important` because important declarations of the inner tree win over those of the page, which is
 * what keeps `* { display: none !important }` away; inside, page rules cannot reach. Lengths are in em of the browser's
 * own text size, not the page's. Text colours are derived from surface and accent by their lightness, so that a brand
 * colour of any lightness keeps a contrast of at least 4.5:1 (on an accent: black from Y = 0.18 on, white below).
 *
 * Custom properties that a page may set: --oa-surface, --oa-text, --oa-accent, --oa-radius, --oa-font.
 */

/** 1 where the accent is dark enough for white text, else 0. */
const WHITE = 'clamp(0,(.175 - y)*1e6,1)';

export const CSS = `
:host{all:initial!important;display:block!important;position:fixed!important}
:host::before,:host::after{display:none!important}
.oa{color-scheme:light dark;--s:var(--oa-surface,light-dark(#fff,#1f2231));--a:var(--oa-accent,light-dark(#4f46e5,#8f8bff));
--on:color(from var(--a) xyz-d65 ${WHITE} ${WHITE} ${WHITE});
--t:var(--oa-text,oklch(from var(--s) calc(.22 + .75*clamp(0,(.57 - l)*1e6,1)) .02 275));
--r:var(--oa-radius,14px);--q:calc(var(--r)*.65);--m:color-mix(in oklab,var(--t) 74%,var(--s));
--b:color-mix(in oklab,var(--t) 14%,var(--s));--h:color-mix(in oklab,var(--t) 6%,var(--s));
font:400 .9375em/1.5 var(--oa-font,system-ui,sans-serif);color:var(--t);accent-color:var(--a)}
*{box-sizing:border-box;margin:0;padding:0;font:inherit;color:inherit;list-style:none}
[hidden]{display:none!important}
.card,.ring,.status{position:fixed}
.card,.ring,.status,.arrow{inset:0 auto auto 0}
.status{clip-path:inset(50%)}
.card{display:flex;flex-direction:column;gap:8px;padding:14px 18px;width:min(336px,100% - 24px);
max-height:calc(100dvh - 24px);background:var(--s);border:1px solid var(--b);border-radius:var(--r);
filter:drop-shadow(0 4px 18px #0004);overflow-wrap:anywhere}
[data-phase=waiting]{visibility:hidden}
.arrow{position:absolute;width:12px;height:12px;background:var(--s);rotate:45deg}
[data-phase=corner] .arrow{display:none}
.ring{pointer-events:none;border:2px solid var(--a);border-radius:var(--q)}
.head,.foot,.progress,label{display:flex;gap:8px}
.title{flex:1;padding:4px 0;font-weight:600}
.main{overflow-y:auto;white-space:pre-line;color:var(--m)}
button,.button{display:grid;place-items:center;min-width:32px;min-height:32px;border:1px solid transparent;
border-radius:var(--q);background:none;text-decoration:none;cursor:pointer}
button:hover,.button:hover{background:var(--h)}
:focus-visible{outline:2px solid var(--t);outline-offset:2px}
.close{font-size:1.5em}
.foot{flex-wrap:wrap}
.button{padding:4px 12px;color:var(--m)}
.quiet{border-color:var(--b);color:var(--t)}
.strong,.strong:hover{background:var(--a);color:var(--on)}
label{padding:6px 0;color:var(--t)}
:checked+span{color:var(--m);text-decoration:line-through}
progress{flex:1;min-width:0;height:1.5em}
`;
