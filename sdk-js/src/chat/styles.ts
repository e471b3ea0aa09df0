/**
 * The look of the chat, as one sheet for its shadow root; colours are derived as for nudges (`render/styles.ts`), from the
 * same custom properties: --oa-surface, --oa-text, --oa-accent, --oa-radius, --oa-font.
 */

/** 1 where the accent is dark enough for white text, else 0. */
const WHITE = 'clamp(0,(.175 - y)*1e6,1)';

export const CSS = `
:host{all:initial!important;display:block!important}
:host([popover]){position:fixed!important}
:host(:not([popover])){height:100%!important;min-height:24rem!important}
:host::before,:host::after{display:none!important}
.oa{color-scheme:light dark;--s:var(--oa-surface,light-dark(#fff,#1f2231));--a:var(--oa-accent,light-dark(#4f46e5,#8f8bff));
--on:color(from var(--a) xyz-d65 ${WHITE} ${WHITE} ${WHITE});
--t:var(--oa-text,oklch(from var(--s) calc(.22 + .75*clamp(0,(.57 - l)*1e6,1)) .02 275));
--r:var(--oa-radius,14px);--q:calc(var(--r)*.65);--m:color-mix(in oklab,var(--t) 74%,var(--s));
--b:color-mix(in oklab,var(--t) 14%,var(--s));--h:color-mix(in oklab,var(--t) 6%,var(--s));
--e:light-dark(#b3261e,#ff9c93);
font:400 .9375em/1.5 var(--oa-font,system-ui,sans-serif);color:var(--t);accent-color:var(--a)}
.within{height:100%}
*{box-sizing:border-box;margin:0;padding:0;font:inherit;color:inherit;list-style:none}
[hidden]{display:none!important}
svg{width:20px;height:20px;fill:none;stroke:currentcolor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
button{border:1px solid transparent;background:none;cursor:pointer;border-radius:var(--q)}
button:hover{background:var(--h)}
:focus-visible{outline:2px solid var(--t);outline-offset:2px}
[aria-disabled=true]{opacity:.55;cursor:default}

.launcher{position:fixed;inset:auto auto 16px auto;inset-inline-end:16px;display:grid;place-items:center;width:56px;height:56px;
border-radius:50%;background:var(--a);color:var(--on);box-shadow:0 4px 16px #0004}
.launcher:hover{background:color-mix(in oklab,var(--a) 88%,var(--on))}
.launcher svg{width:26px;height:26px}
.badge{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;
background:#b3261e;color:#fff;font-size:.8125em;line-height:22px;font-weight:600;border:0}
.peek{position:fixed;inset:auto auto 84px auto;inset-inline-end:16px;display:flex;align-items:start;max-width:min(300px,100% - 32px);
padding:4px;background:var(--s);border:1px solid var(--b);border-radius:var(--r);box-shadow:0 4px 18px #0003}
.peeked{display:grid;gap:2px;padding:8px 10px;text-align:start;overflow-wrap:anywhere}
.away,.close{display:grid;place-items:center;flex:none;width:32px;height:32px}

.panel{position:fixed;inset:auto auto 16px auto;inset-inline-end:16px;display:flex;flex-direction:column;width:384px;
height:min(640px,var(--high,100dvh) - 32px);overflow:hidden;background:var(--s);border:1px solid var(--b);border-radius:var(--r);
box-shadow:0 10px 40px #0005}
.panel.mounted{position:relative;inset:auto;width:100%;height:100%;box-shadow:none}
.head{display:flex;align-items:center;gap:10px;padding:12px 12px 12px 16px;padding-inline:16px 12px;border-bottom:1px solid var(--b)}
.mark{display:grid;place-items:center;flex:none;width:36px;height:36px;border-radius:50%;background:var(--a);color:var(--on)}
.title{flex:1;font-weight:600;font-size:1.0667em;overflow-wrap:anywhere}
.strip{padding:8px 16px;background:var(--h);border-bottom:1px solid var(--b);font-size:.9333em}
.warn,.notice{background:color-mix(in oklab,#e5a000 16%,var(--s))}
.notice{border-top:1px solid var(--b);border-bottom:0}
.plain{background:none;border:0;text-align:center;color:var(--m)}
.log{flex:1;min-height:0;padding:16px;overflow-y:auto;overscroll-behavior:contain;overflow-wrap:anywhere;outline-offset:-3px}
.lines{display:flow-root}
.line{display:grid;justify-items:start;gap:4px;margin-block-end:14px}
.line:has(+.joined){margin-block-end:4px}
.line:has(+.joined) time{display:none}
.joined .by{display:none}
.said{max-width:88%;padding:9px 13px;border-radius:var(--r);border-end-start-radius:4px;background:var(--h)}
.mine{justify-items:end}
.mine .said{border-radius:var(--r);border-end-end-radius:4px;background:var(--a);color:var(--on);white-space:pre-wrap}
.mine:has(.trouble) .said{background:none;color:var(--t);border:1px dashed var(--e)}
.note .said{max-width:100%;margin:auto;background:none;color:var(--m);font-size:.8667em;text-align:center}
.said>*+*{margin-block-start:8px}
.by,.sources .head{font-size:.8667em;font-weight:600;color:var(--m)}
.below{display:flex;flex-wrap:wrap;align-items:center;gap:2px 8px;min-height:0;font-size:.8em;color:var(--m)}
.below:empty{display:none}
.trouble{color:var(--e)}
.thumb{display:grid;place-items:center;width:28px;height:28px;color:var(--m)}
.thumb svg{width:16px;height:16px}
.down.thumb svg{rotate:180deg}
.thumb[aria-pressed=true]{color:var(--t);border-color:var(--m);background:var(--h)}
.thumb[aria-pressed=true] svg{fill:currentcolor;fill-opacity:.25}
strong{font-weight:650}
em{font-style:italic}
ul>li{list-style:disc}
ol>li{list-style:decimal}
.said ul,.said ol{padding-inline-start:1.4em;display:grid;gap:4px}
li::marker{color:var(--m)}
code{font:.9em/1.4 ui-monospace,monospace;background:color-mix(in oklab,var(--t) 8%,transparent);border-radius:4px;padding:1px 4px;direction:ltr;unicode-bidi:isolate}
pre{max-width:100%;overflow-x:auto;padding:10px 12px;border-radius:var(--q);background:color-mix(in oklab,var(--t) 8%,transparent)}
pre code{background:none;padding:0;white-space:pre;overflow-wrap:normal}
a{text-decoration:underline;text-underline-offset:2px}
.ref{display:inline-block;min-width:18px;padding:0 4px;margin:0 2px;border-radius:5px;background:color-mix(in oklab,var(--t) 12%,transparent);
font-size:.75em;line-height:18px;text-align:center;text-decoration:none;vertical-align:2px}
.sources{max-width:88%;padding-block:4px 0;font-size:.8667em}
.sources li{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 8px;padding:3px 0;list-style:none}
.number{min-width:18px;padding:0 4px;border-radius:5px;background:var(--h);border:1px solid var(--b);font-size:.8571em;text-align:center}
small{color:var(--m);font-size:.9em;flex-basis:100%}
.when{margin:6px 0 14px;text-align:center;font-size:.8em;color:var(--m)}
.word{min-height:28px;padding:2px 8px;font-size:.9333em;text-decoration:underline;text-underline-offset:2px;color:var(--t)}
.below .word{padding:2px 4px;font-size:1em}
.earlier,.reload{display:block;margin:0 auto 12px}
.dots{display:flex;gap:5px;width:max-content;padding:14px;border-radius:var(--r);border-end-start-radius:4px;background:var(--h)}
i{width:7px;height:7px;border-radius:50%;background:var(--m)}
.latest{align-self:center;display:grid;place-items:center;width:36px;height:36px;margin-block:-48px 12px;border-radius:50%;background:var(--s);border-color:var(--b);
box-shadow:0 2px 8px #0003;position:relative}
.latest:hover,.stop:hover,.offer:hover{background:color-mix(in oklab,var(--t) 6%,var(--s))}
.stop{align-self:center;display:flex;align-items:center;gap:6px;min-height:32px;margin:4px;padding:3px 14px 3px 8px;padding-inline:8px 14px;border-color:var(--b);border-radius:16px;font-size:.9333em}
.stop svg{fill:currentcolor}
.offers{display:flex;flex-wrap:wrap;gap:8px;padding:4px 16px 10px}
.offer{min-height:32px;padding:4px 12px;border-color:var(--b);border-radius:16px;text-align:start}
.write{display:flex;align-items:end;gap:8px;margin:0 12px;padding:4px;border:1px solid var(--m);border-radius:var(--r)}
.write:focus-within{outline:2px solid var(--t);outline-offset:1px}
.box{flex:1;min-width:0;min-height:40px;max-height:9em;padding:8px 10px;border:0;outline:0;background:none;resize:none;font-size:max(1em,16px);line-height:24px}
.box::placeholder{color:var(--m);opacity:1}
.send{display:grid;place-items:center;flex:none;width:40px;height:40px;background:var(--a);color:var(--on);border-radius:calc(var(--r) - 4px)}
.send:hover{background:color-mix(in oklab,var(--a) 88%,var(--on))}
.send[aria-disabled=true]{background:var(--h);color:var(--m);opacity:1}
.under{display:flex;align-items:center;justify-content:space-between;gap:8px;min-height:36px;padding:2px 14px 6px;font-size:.9333em}
.count{margin-inline-start:auto;font-size:.8571em;color:var(--m)}
.count.trouble{color:var(--e)}
.over{display:flex;flex-wrap:wrap;align-items:center;justify-content:center;gap:4px 8px;padding:12px 16px 16px;border-top:1px solid var(--b);color:var(--m)}
@media (max-width:480px){
.panel:not(.mounted){inset:var(--from,0) 0 auto;width:auto;height:var(--high,100dvh);border:0;border-radius:0;padding-block-end:env(safe-area-inset-bottom)}
}
@media (prefers-reduced-motion:no-preference){
i{animation:blink 1.2s infinite}i:nth-child(2){animation-delay:.2s}i:nth-child(3){animation-delay:.4s}
.panel:not(.mounted){animation:rise .18s ease-out}
@keyframes blink{30%{opacity:.3}}
@keyframes rise{from{opacity:0;translate:0 12px}}
}
@media (forced-colors:active){.said,.launcher,.send,.badge{border:1px solid}}
`;
