/** The style of the web page: one column, plots and tables in cards, the reader's own choice of light or dark. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b2126; --paper: #f5f6f4; --card: #ffffff; --soft: #59636c; --line: #dfe3e1;
  --brand: #1f5f8b; --good: #1c7042; --bad: #a8431b; --bad-paper: #fbeee6 }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8eb; --paper: #101416; --card: #181d20; --soft: #9aa6ae;
  --line: #2d353a; --brand: #7db8e0; --good: #6cc492; --bad: #f0a078; --bad-paper: #33221a } }
* { box-sizing: border-box }
html { scroll-behavior: smooth; scroll-padding-top: 16px }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto } }
body { margin: 0; color: var(--ink); background: var(--paper); font: 16px/1.55 system-ui, sans-serif }
header, main { max-width: 1120px; margin: 0 auto; padding: 0 20px }
header { padding-top: 48px } main { padding-bottom: 80px }
h1 { font-size: 38px; letter-spacing: -0.02em; margin: 0 0 8px } header p { max-width: 62ch; margin: 0 0 20px; color: var(--soft) }
h2 { font-size: 26px; letter-spacing: -0.01em; margin: 64px 0 16px } h3 { font-size: 16px; margin: 28px 0 10px }
h1, h2, h3 { line-height: 1.2 } a { color: var(--brand) } code { font-size: 14px }
p, figcaption, dd { overflow-wrap: anywhere }
nav { display: flex; flex-wrap: wrap; gap: 8px }
nav a { padding: 4px 14px; border: 1px solid var(--line); border-radius: 99px; background: var(--card); text-decoration: none; font-size: 14px }
nav a:hover, nav a:focus-visible { border-color: var(--brand) }
.verdict { font-size: 20px; margin: 0 } .soft { color: var(--soft); font-size: 13.5px; margin: 6px 0 0 } header .soft { margin-bottom: 16px }
figure, .wide, dl { background: var(--card); border: 1px solid var(--line); border-radius: 10px }
figure { margin: 20px 0; padding: 20px 22px } figure h3 { margin-top: 0 }
figcaption { color: var(--soft); font-size: 13.5px; margin-top: 10px; max-width: 78ch }
svg { display: block } svg text { font-family: system-ui, sans-serif }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums }
th, td { padding: 7px 9px; text-align: right; border-bottom: 1px solid var(--line) } td:not(:first-child) { white-space: nowrap }
th:first-child, td:first-child { min-width: 190px }
tr:last-child td { border-bottom: 0 } tbody tr:hover td { background: color-mix(in srgb, var(--brand) 7%, transparent) }
th { color: var(--soft); font-weight: 500; vertical-align: bottom } th:first-child, td:first-child { text-align: left }
td.met { color: var(--good) } td.missed { color: var(--bad); background: var(--bad-paper); font-weight: 600 }
.goals table { font-size: 13px } .goals th, .goals td:not(:first-child) { padding: 6px 8px; white-space: normal }
.bars { grid-template-columns: max-content 1fr; align-items: center; gap: 8px 16px; background: none; border: 0; padding: 0; font-size: 16px }
.bars dd { display: flex; align-items: center; gap: 10px } .bars i { height: 22px; border-radius: 3px; background: #7c8790; flex: 0 1 auto }
.bars .ours { font-weight: 700; color: var(--ink) } .bars .ours i { background: #3f7fd0 } .bars b { font-weight: inherit; white-space: nowrap }
.bars dd { padding-right: 90px } .bars b { margin-right: -90px }
details { margin: 20px 0 } summary { cursor: pointer; color: var(--brand); font-weight: 500; padding: 6px 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; padding: 16px 20px; font-size: 14px; margin: 10px 0 28px }
dt { color: var(--soft) } dd { margin: 0 }
@media (max-width: 600px) { h1 { font-size: 30px } figure { padding: 14px 12px } dl { grid-template-columns: 1fr } dd { margin-bottom: 8px } }
`
