/**
 * The look of every surface, as one sheet for the shadow root.
 *
 * `:host` rules are `!important` because important declarations of the inner tree win over those of the page, which is
 * what keeps `* { display: none !important }` away; inside, page rules cannot reach. Lengths are in em of the browser's
 * own text size, not the page's. Text colours are derived from the surface and accent by their luminance, so that a
 * brand colour of any lightness keeps a contrast of at least 4.5:1 (black on Y >= 0.18, white below).
 */

const DARK = '--s:var(--oa-surface,#1f2231);--a:var(--oa-accent,#8f8bff);--t:var(--oa-text,#f3f4fa);--on:var(--oa-accent-text,#11121c);--k:0 0 0';

/** 1 where the colour is dark enough for white text, else 0; used within `color(from … xyz-d65)`. */
const WHITE = 'clamp(0,(.18 - y)*1e6,1)';

export const CSS = `
:host{all:initial!important;display:block!important;position:fixed!important;inset:0 auto auto 0!important;
width:0!important;height:0!important;overflow:visible!important;z-index:var(--oa-z,2147483647)!important}
:host::before,:host::after{content:none!important;display:none!important}
.oa{--s:var(--oa-surface,#fff);--a:var(--oa-accent,#4f46e5);--t:var(--oa-text,#1a1c29);--on:var(--oa-accent-text,#fff);--k:22 24 50;
--r:var(--oa-radius,14px);--m:var(--oa-muted,color-mix(in oklab,var(--t) 74%,var(--s)));
--b:var(--oa-border,color-mix(in oklab,var(--t) 13%,var(--s)));--h:color-mix(in oklab,var(--t) 7%,var(--s));
font:400 .9375em/1.5 var(--oa-font,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif);color:var(--t)}
@media(prefers-color-scheme:dark){.oa:not([data-scheme=light]){${DARK}}}
.oa[data-scheme=dark]{${DARK}}
@supports(color:color(from red xyz-d65 x y z)){.oa{
--on:var(--oa-accent-text,color(from var(--a) xyz-d65 calc(.9505*${WHITE}) ${WHITE} calc(1.089*${WHITE})));
--t:var(--oa-text,oklch(from var(--s) calc(.22 + .75*clamp(0,(.55 - l)*1e6,1)) .02 275))}}
*,::before,::after{box-sizing:border-box}
[hidden]{display:none!important}
.status{position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.card{position:fixed;inset:0 auto auto 0;display:flex;flex-direction:column;width:max-content;
min-width:min(220px,100vw - 24px);max-width:min(var(--oa-width,328px),100vw - 24px);max-height:min(34em,100dvh - 24px);
color:var(--t);background:var(--s);border:1px solid var(--b);border-radius:var(--r);
box-shadow:0 1px 2px rgb(var(--k)/.06),0 6px 16px rgb(var(--k)/.08),0 20px 48px -12px rgb(var(--k)/.22);
text-align:start;overflow-wrap:anywhere;user-select:text;cursor:auto}
.card[data-phase=waiting]{visibility:hidden;pointer-events:none}
.card[data-phase=corner],.card.wide{width:min(var(--oa-width,352px),100vw - 24px);max-width:none}
.card[data-phase=anchored]{animation:pop .22s cubic-bezier(.2,.9,.3,1.15)}
.card[data-phase=corner]{animation:rise .28s cubic-bezier(.2,.8,.2,1)}
@keyframes pop{from{opacity:0;transform:scale(.96)}}
@keyframes rise{from{opacity:0;transform:translateY(12px)}}
.arrow{position:absolute;width:12px;height:12px;background:var(--s);border:solid var(--b);border-width:1px 0 0 1px;
border-start-start-radius:3px;transform:rotate(45deg)}
.card:not([data-phase=anchored])>.arrow{display:none}
[data-side=top]>.arrow{transform:rotate(225deg)}[data-side=right]>.arrow{transform:rotate(-45deg)}
[data-side=left]>.arrow{transform:rotate(135deg)}
.ring{position:fixed;inset:0 auto auto 0;pointer-events:none;border:2px solid var(--a);
box-shadow:0 0 0 4px color-mix(in srgb,var(--a) 24%,transparent);animation:glow 1.4s ease-out 2}
@keyframes glow{50%{box-shadow:0 0 0 9px color-mix(in srgb,var(--a) 10%,transparent)}}
.head{display:flex;gap:10px;align-items:flex-start;padding:14px 12px 0 18px}
.card:dir(rtl) .head{padding:14px 18px 0 12px}
.title{flex:1;margin:3px 0 0;font-size:1.0334em;font-weight:650;line-height:1.35;letter-spacing:-.006em;text-wrap:balance}
.main{min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:4px 18px 0;color:var(--m);scrollbar-width:thin}
.main:last-child,.foot{padding-bottom:16px}
.text{margin:0;white-space:pre-line;text-wrap:pretty}
button,.button,textarea{font:inherit;letter-spacing:inherit}
button,.button{display:inline-flex;align-items:center;justify-content:center;min-width:24px;border:1px solid transparent;
border-radius:calc(var(--r)*.6);background:none;color:inherit;text-decoration:none;cursor:pointer;touch-action:manipulation;
transition:background-color .12s,filter .12s}
button:hover,.button:hover{background:var(--h)}
:focus{outline:none}
:focus-visible{outline:2px solid var(--t);outline-offset:2px}
svg{width:18px;height:18px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.close{flex:none;width:28px;height:28px;padding:0;color:var(--m)}
.close:hover{color:var(--t)}
.foot{display:flex;flex-wrap:wrap;gap:6px;padding:14px 18px 16px}
.button{min-height:34px;padding:5px 13px;font-size:.9334em;font-weight:550;line-height:1.3;color:var(--m)}
.button.quiet{border-color:var(--b);color:var(--t)}
.button.main-action,.send{background:var(--a);color:var(--on)}
.button.main-action:hover,.send:hover{background:var(--a);filter:brightness(1.08)}
.avatar{flex:none;display:grid;place-items:center;width:28px;height:28px;border-radius:50%;background:var(--a);color:var(--on)}
.avatar svg{width:16px;height:16px;fill:currentColor;stroke-width:1}
.thread{display:flex;flex-direction:column;gap:8px;padding-top:12px}
.said{max-width:88%;align-self:flex-start;padding:8px 12px;border-radius:calc(var(--r)*.9);border-end-start-radius:4px;
background:var(--h);color:var(--t);white-space:pre-line;border:1px solid transparent}
.said.mine{align-self:flex-end;background:var(--a);color:var(--on);border-radius:calc(var(--r)*.9);border-end-end-radius:4px}
.who{display:block;font-size:.8em;font-weight:600;color:var(--m)}
.sources{display:flex;flex-wrap:wrap;gap:2px 12px;margin-top:4px;font-size:.8667em}
.sources a{display:inline-block;min-height:24px;padding:2px 0;color:inherit;text-decoration-color:var(--m);text-underline-offset:2px}
.reply{display:flex;gap:8px;align-items:flex-end;margin:12px 12px 12px;padding:4px;border:1px solid var(--b);border-radius:var(--r)}
.reply:focus-within{border-color:var(--t)}
.reply textarea{flex:1;min-width:0;height:2.2em;max-height:7em;padding:.35em 8px;border:0;background:none;color:inherit;resize:none;field-sizing:content;min-height:2.2em}
.reply textarea:focus-visible{outline:none}
.reply:has(textarea:focus-visible){outline:2px solid var(--t);outline-offset:1px}
textarea::placeholder{color:var(--m);opacity:1}
.send{flex:none;width:32px;height:32px;padding:0;border-radius:calc(var(--r)*.7)}
.steps{list-style:none;margin:8px 0 0;padding:0}
.steps label{display:flex;gap:10px;align-items:flex-start;min-height:32px;margin:0 -8px;padding:6px 8px;border-radius:8px;cursor:pointer;color:var(--t)}
.steps label:hover{background:var(--h)}
.steps input{appearance:none;flex:none;display:grid;place-items:center;width:20px;height:20px;margin:1px 0 0;
border:1.5px solid color-mix(in oklab,var(--t) 55%,var(--s));border-radius:50%;cursor:inherit;transition:background-color .15s}
.steps input:checked{background:var(--a);border-color:var(--a)}
.steps input:checked::before{content:"";width:10px;height:5px;margin-top:-3px;border:solid var(--on);border-width:0 0 2px 2px;transform:rotate(-45deg)}
.steps :checked+span{color:var(--m);text-decoration:line-through;text-decoration-color:var(--b)}
.progress{display:flex;gap:10px;align-items:center;margin-top:8px;font-size:.8667em;font-variant-numeric:tabular-nums}
.bar{flex:1;height:6px;border-radius:3px;background:var(--b);overflow:hidden}
.fill{display:block;height:100%;border-radius:inherit;background:var(--a);transition:width .3s cubic-bezier(.2,.8,.2,1)}
@media(pointer:coarse){.close{width:36px;height:36px;margin:-4px -4px 0 0}.button{min-height:42px}.steps label{min-height:42px;align-items:center}}
@media(prefers-reduced-motion:reduce){*,::before,::after{animation:none!important;transition:none!important}}
@media(forced-colors:active){.button,.said,.avatar,.send,.close{border:1px solid}.steps input{appearance:auto}
.steps input::before{content:none!important}.fill{background:Highlight;forced-color-adjust:none}.ring{border-color:Highlight}}
`;
