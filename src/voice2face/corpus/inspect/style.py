"""How the page looks: light and dark, on a phone and on a wide screen."""

CSS = """
:root { color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d1c1a; --faint: #66625c; --line: #dedad3;
  --warn: #fff1d6; --warn-line: #d9a441; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #161513; --card: #1f1d1b; --ink: #ece8e1; --faint: #a39d94; --line: #3a3733;
  --warn: #33270f; --warn-line: #8a6a25; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1.5rem clamp(0.75rem, 3vw, 2.5rem) 4rem; max-width: 76rem;
  background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1, h2, h3, h4 { line-height: 1.2; overflow-wrap: anywhere; }
h1 { margin: 0 0 0.25rem; font-size: 1.75rem; }
h2 { margin: 3rem 0 0.75rem; font-size: 1.3rem; border-bottom: 1px solid var(--line);
  padding-bottom: 0.3rem; }
h3 { margin: 1.5rem 0 0.5rem; font-size: 1.05rem; }
h4 { margin: 0 0 0.35rem; font-size: 0.9rem; font-weight: 600; }
p { margin: 0.5rem 0; max-width: 46rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.35rem 1.1rem; margin: 1rem 0; }
a { color: inherit; text-underline-offset: 0.15em; }
.faint, figcaption, caption { color: var(--faint); }
.small { font-size: 0.875rem; }
.warn { background: var(--warn); border-left: 4px solid var(--warn-line); padding: 0.7rem 1rem;
  border-radius: 0 6px 6px 0; max-width: 46rem; }
.scroll { overflow-x: auto; max-width: 100%; }
.tables { display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-items: flex-start; }
.tables > * { max-width: 100%; min-width: 0; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 0.3rem; }
th, td { padding: 0.28rem 0.7rem 0.28rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
tbody th { font-weight: 400; }
th:first-child { position: sticky; left: 0; background: var(--paper); }
.n { text-align: right; white-space: nowrap; }
.long { overflow-wrap: anywhere; min-width: 9rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.15rem 1rem;
  margin: 0.75rem 0; font-size: 0.9rem; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
.person { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1rem; margin: 1rem 0; }
.person h3 { margin: 0; }
.tags { display: flex; flex-wrap: wrap; gap: 0.1rem 1.25rem; margin: 0.4rem 0 0;
  font-size: 0.875rem; }
.tags div { min-width: 0; overflow-wrap: anywhere; }
.tags dt, .tags dd { display: inline; margin: 0; }
.both { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; margin-top: 0.75rem; }
@media (min-width: 62rem) { .both { grid-template-columns: max-content minmax(0, 1fr); } }
.both > .clips:only-child { grid-column: 1 / -1; }
.sheet { max-width: 100%; height: auto; display: block; image-rendering: pixelated; }
h4 .faint { font-weight: 400; }
.clips { display: grid; gap: 1.25rem; align-content: start; min-width: 0; }
audio { width: 100%; max-width: 32rem; height: 40px; display: block; margin: 0.4rem 0 0.5rem; }
.plot { display: grid; grid-template-columns: 2.1rem minmax(0, 1fr); }
.plot img { width: 100%; height: 128px; display: block; background: #000; }
.plot svg { display: block; overflow: visible; font: 11px system-ui, sans-serif;
  fill: var(--faint); }
.plot .y { width: 100%; height: 128px; }
.plot .x { width: 100%; height: 18px; }
.worst { display: flex; flex-wrap: wrap; gap: 0.9rem; }
.worst figure { margin: 0; width: 128px; }
.worst figcaption { font-size: 0.8rem; line-height: 1.3; overflow-wrap: anywhere; }
@media (max-width: 30rem) {
  body { font-size: 15px; }
  h1 { font-size: 1.4rem; }
  dl:not(.tags) { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dl:not(.tags) dd { margin-bottom: 0.5rem; }
  th, td { padding-right: 0.6rem; }
  .person { padding: 0.75rem; }
  .worst { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.6rem; }
  .worst figure { width: auto; }
}
@media print { audio { display: none; } .person { break-inside: avoid; } }
"""
