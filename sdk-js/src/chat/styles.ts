/**
 * The look of the chat: comes on top of the sheet of nudges (`render/styles.ts`), which has the colours, all derived from
 * --oa-surface, --oa-text and --oa-accent, and the plain look of text, buttons and focus.
 */

export const CSS = `
:host([popover]){position:fixed!important}
:host(:not([popover])){position:relative!important;height:100%!important;min-height:24rem!important}
.oa{--e:light-dark(#b3261e,#ff9c93);--c:color-mix(in oklab,var(--t) 9%,transparent)}
.within{height:100%}
svg{width:20px;height:20px;fill:none;stroke:currentcolor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
:disabled{opacity:.55}
.launcher,.peek,.panel{box-shadow:0 4px 24px #0004;position:fixed;inset:auto auto 16px;inset-inline-end:16px}
.launcher,.send,.mark,.mine .said,.launcher:hover,.send:hover{background:var(--a);color:var(--on)}
.launcher,.mark,.latest,i{border-radius:50%}
.launcher{width:56px;height:56px}
.launcher svg{width:26px;height:26px}
.badge{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-width:22px;padding:0 6px;border-radius:11px;
background:#b3261e;color:#fff;font-size:.8125em;line-height:22px;font-weight:600}
.peek{bottom:84px;display:flex;max-width:min(300px,100% - 32px);padding:4px}
.peek,.panel{background:var(--s);border:1px solid var(--b);border-radius:var(--r);overflow-wrap:anywhere}
.peeked{flex:1;display:block;padding:8px 10px;text-align:start}
.away,.close{flex:none;align-self:start}
.panel{display:flex;flex-direction:column;width:384px;height:min(640px,var(--high,100dvh) - 32px);overflow:hidden}
.mounted{position:relative;inset:auto;width:100%;height:100%;box-shadow:none}
.head{align-items:center;padding:12px 16px;border-bottom:1px solid var(--b)}
.mark{display:grid;place-items:center;flex:none}
.mark,.latest{width:36px;height:36px}
.strip{padding:8px 16px;background:var(--h);border-bottom:1px solid var(--b);font-size:.9333em}
.warn{background:color-mix(in oklab,#e5a000 16%,var(--s))}
.plain{background:none;border:0;text-align:center}
.log{flex:1;min-height:0;padding:16px;overflow-y:auto;overscroll-behavior:contain;outline-offset:-3px}
.lines{display:flow-root}
.line{display:grid;justify-items:start;gap:4px;margin-block-end:14px}
.line:has(+.joined){margin-block-end:4px}
.line:has(+.joined) .time,.joined>.by{display:none}
.said,.dots{max-width:88%;padding:9px 13px;border-radius:var(--r);border-end-start-radius:4px;background:var(--h)}
.mine{justify-items:end;text-align:end}
.mine .below{justify-content:end}
.mine .said{border-radius:var(--r);border-end-end-radius:4px;white-space:pre-wrap;text-align:start}
.mine:has(.trouble) .said{background:none;color:var(--t);border:1px dashed var(--e)}
.note .said{max-width:100%;margin:auto;background:none;color:var(--m);font-size:.8667em}
.said>*+*{margin-block-start:8px}
.by{font-size:.8667em;font-weight:600}
.by,.below,.thumb,small,.when,.over,.count,li::marker{color:var(--m)}
.below{display:flex;flex-wrap:wrap;align-items:center;gap:2px 8px;font-size:.8em}
.trouble{color:var(--e)}
.thumb{min-width:28px;min-height:28px}
.thumb svg{width:16px;height:16px}
.down svg{rotate:180deg}
[aria-pressed=true]{color:var(--t);border-color:var(--m);background:var(--h)}
strong{font-weight:650}
em{font-style:italic}
.said ul,.said ol{padding-inline-start:1.4em}
ul>li{list-style:disc}
ol>li{list-style:decimal}
li+li{margin-block-start:4px}
code,.ref,.number{background:var(--c);border-radius:4px;padding:1px 4px}
code{font:.9em/1.4 ui-monospace,monospace;direction:ltr;unicode-bidi:isolate}
pre{overflow-x:auto;padding:10px 12px;border-radius:var(--q);background:var(--c)}
pre code{background:none;padding:0}
.ref,.number{min-width:18px;font-size:.8em;text-align:center;text-decoration:none}
.ref{margin-inline-start:3px;vertical-align:2px}
.sources{max-width:88%;font-size:.8667em}
.sources li{position:relative;padding:3px 0 3px;padding-inline-start:26px;list-style:none}
.number{position:absolute;inset:5px auto auto;inset-inline-start:0}
.sources a{display:inline-block;min-height:24px}
small{display:block;font-size:.9em}
.when{margin:6px 0 14px;text-align:center;font-size:.8em}
.word{min-height:28px;padding:2px 6px;text-decoration:underline}
.earlier,.reload{display:block;margin:0 auto 12px}
.dots{display:flex;gap:5px;width:max-content;padding-block:14px}
i{width:7px;height:7px;background:var(--m)}
.latest,.stop{align-self:center;background:var(--s);border-color:var(--b)}
.latest{margin-block:-48px 12px;box-shadow:0 2px 8px #0003;position:relative}
.latest:hover{background:var(--s)}
.stop{display:flex;gap:6px;margin:4px;padding:3px 12px;border-radius:16px;font-size:.9333em}
.stop svg{fill:currentcolor}
.offers{display:flex;flex-wrap:wrap;gap:8px;padding:4px 16px 10px}
.offer{padding:4px 12px;border-color:var(--b);border-radius:16px;text-align:start}
.write{display:flex;align-items:end;gap:8px;margin:0 12px;padding:4px;border:1px solid var(--m);border-radius:var(--r)}
.write:focus-within{border-color:var(--t);outline:1px solid var(--t)}
.box{flex:1;min-width:0;min-height:40px;max-height:9em;padding:8px 10px;border:0;outline:0;background:none;resize:none;font-size:max(1em,16px);line-height:24px}
.box::placeholder{color:var(--m);opacity:1}
.send{flex:none;width:40px;height:40px;border-radius:calc(var(--r) - 4px)}
.send[aria-disabled=true]{background:var(--h);color:var(--m)}
.under,.over{display:flex;flex-wrap:wrap;align-items:center;gap:4px 8px;min-height:12px;padding:4px 14px 8px}
.count{margin-inline-start:auto;font-size:.8em}
.over{justify-content:center;padding:12px}
@media (max-width:480px){
.panel:not(.mounted){inset:var(--from,0) 0 auto;width:auto;height:var(--high,100dvh);border:0;border-radius:0}
}
@media (prefers-reduced-motion:no-preference){
i{animation:b 1.2s infinite}i:nth-child(2){animation-delay:.2s}i:nth-child(3){animation-delay:.4s}
@keyframes b{30%{opacity:.3}}
}
@media (forced-colors:active){.said,.launcher,.send,.badge{border:1px solid}}
`;
