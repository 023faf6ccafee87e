"""How the page looks: light and dark, on a phone, a laptop and on paper."""

# Okabe and Ito 2008, told apart with any kind of colour vision; lighter ones on a dark ground.
LIGHT = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
DARK = ("#56B4E9", "#E69F00", "#2CC295", "#E08BC0", "#ECE8E1", "#F0E442", "#A9B8FF")
DASHES = ("", "5 2", "1.5 1.5", "6 1.5 1.5 1.5")  # in grey print; in points
MARKERS = "os^Dv<>"  # as matplotlib names them

VARIABLES_LIGHT = """--paper: #fbfaf8; --card: #ffffff; --ink: #1d1c1a; --faint: #66625c;
  --line: #dedad3; --holds: #00664b; --not: #a34100; --open: #66625c; --mark: #0072B2;
  --track: #eceae5; --warn: #fff1d6; --warn-line: #d9a441;"""
VARIABLES_DARK = """--paper: #161513; --card: #1f1d1b; --ink: #ece8e1; --faint: #a39d94;
  --line: #3a3733; --holds: #3fd0a5; --not: #ff9c5c; --open: #b9b3aa; --mark: #56B4E9;
  --track: #2b2926; --warn: #33270f; --warn-line: #8a6a25;"""


def _strokes(colours: tuple[str, ...]) -> str:
    return " ".join(f".k{i} {{ stroke: {c}; fill: {c}; }}" for i, c in enumerate(colours))


CSS = f"""
:root {{ color-scheme: light dark; {VARIABLES_LIGHT} }}
{_strokes(LIGHT)}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {VARIABLES_DARK} }}
  {_strokes(DARK)} }}
* {{ box-sizing: border-box; }}
html {{ -webkit-text-size-adjust: 100%; }}
body {{ margin: 0 auto; padding: 1.5rem clamp(0.75rem, 3vw, 2.5rem) 4rem; max-width: 74rem;
  background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }}
h1, h2, h3, h4 {{ line-height: 1.2; overflow-wrap: anywhere; text-wrap: balance; }}
h1 {{ margin: 0 0 0.5rem; font-size: 1.9rem; }}
h2 {{ margin: 3.5rem 0 0.75rem; font-size: 1.4rem; border-bottom: 2px solid var(--ink);
  padding-bottom: 0.3rem; }}
h3 {{ margin: 0 0 0.4rem; font-size: 1.15rem; }}
h4 {{ margin: 0 0 0.35rem; font-size: 0.9rem; font-weight: 600; }}
p {{ margin: 0.5rem 0; max-width: 44rem; overflow-wrap: anywhere; }}
a {{ color: inherit; text-underline-offset: 0.15em; text-decoration-color: var(--faint); }}
nav {{ margin: 1.25rem 0; font-size: 0.9rem; display: grid; gap: 0.3rem; }}
nav div {{ display: grid; grid-template-columns: 9.5rem minmax(0, 1fr); }}
nav b {{ font-weight: 600; }}
nav a {{ margin-right: 0.9rem; display: inline-block; }}
.faint, figcaption, caption {{ color: var(--faint); }}
.small {{ font-size: 0.85rem; }}
.lead {{ font-size: 1.1rem; }}
.warn {{ background: var(--warn); border-left: 4px solid var(--warn-line); padding: 0.7rem 1rem;
  border-radius: 0 6px 6px 0; max-width: 44rem; }}
.claims {{ list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: 0.6rem; }}
.claims li {{ background: var(--card); border: 1px solid var(--line); border-left-width: 5px;
  border-radius: 6px; padding: 0.6rem 0.9rem; display: grid; gap: 0.1rem 1rem;
  grid-template-columns: 8.5rem minmax(0, 1fr); break-inside: avoid; }}
.claims p {{ margin: 0; max-width: 48rem; }}
.claims .text {{ font-weight: 600; }} .claims .text span {{ font-weight: 400; }}
.claims p + p {{ grid-column: 2; }}
.verdict {{ font-weight: 700; font-size: 0.9rem; white-space: nowrap; padding-top: 0.08rem; }}
.v0 {{ border-left-color: var(--holds) !important; }} .v0 .verdict {{ color: var(--holds); }}
.v1 {{ border-left-color: var(--not) !important; }} .v1 .verdict {{ color: var(--not); }}
.v2 {{ border-left-color: var(--open) !important; }} .v2 .verdict {{ color: var(--open); }}
.result {{ background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.1rem clamp(0.75rem, 2vw, 1.4rem); margin: 1.25rem 0; }}
.result > .claims li {{ background: none; }}
.show {{ display: flex; flex-wrap: wrap; gap: 1.25rem 2.5rem; align-items: flex-start; }}
.show > * {{ max-width: 100%; min-width: 0; }}
figure {{ margin: 1rem 0 0; break-inside: avoid; }}
figcaption {{ font-size: 0.85rem; max-width: 44rem; margin-top: 0.3rem; }}
.scroll {{ overflow-x: auto; max-width: 100%; margin: 1rem 0 0; }}
figure .scroll {{ margin: 0; }}
table {{ border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }}
caption {{ text-align: left; padding-bottom: 0.3rem; font-weight: 600; color: var(--ink); }}
th, td {{ padding: 0.3rem 1.1rem 0.3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }}
thead th {{ vertical-align: bottom; max-width: 11rem; border-bottom-color: var(--faint); }}
tbody th, tfoot th {{ font-weight: 400; min-width: 6rem; max-width: 16rem; }}
th:first-child {{ position: sticky; left: 0; background: var(--card); overflow-wrap: anywhere; }}
#made th:first-child {{ background: var(--paper); overflow-wrap: break-word; }}
#made h3 {{ margin-top: 1.75rem; }}
tfoot th, tfoot td {{ color: var(--faint); border-bottom: 0; padding-top: 0.15rem;
  padding-bottom: 0; }}
tfoot tr:first-child > * {{ border-top: 1px solid var(--faint); padding-top: 0.3rem; }}
.num {{ font-weight: 600; white-space: nowrap; }}
.ci {{ color: var(--faint); white-space: nowrap; font-size: 0.95em; }}
.strip {{ display: block; margin-top: 0.1rem; }}
.note {{ color: var(--faint); font-size: 0.85em; line-height: 1.25; max-width: 10rem; }}
.strip .track {{ fill: var(--track); }} .strip .ends {{ fill: var(--mark); opacity: 0.45; }}
.strip .zero {{ fill: var(--ink); }} .strip .at {{ fill: var(--mark); stroke: var(--mark); }}
.strip .open {{ fill: var(--card); stroke: var(--mark); }}
.grid td, .grid th {{ border: 0; padding: 0 4px 4px 0; text-align: center; max-width: none;
  font-weight: 400; line-height: 1.2; overflow-wrap: break-word; }}
.grid td, .grid thead th {{ width: 0; }}
.grid tbody th {{ text-align: right; vertical-align: middle; padding-right: 0.6rem;
  min-width: 5.5rem; max-width: 8rem; }}
.grid td {{ line-height: 0; }}
.grid img {{ width: 5.25rem; height: auto; border-radius: 2px; }}
.grid .over {{ color: var(--faint); font-weight: 600; }}
.many img {{ width: 4.25rem; }} .crowd img {{ width: 3.25rem; }}
.crowd thead th {{ font-size: 0.9em; }}
.panel img {{ width: 100%; max-width: 26rem; height: auto; display: block; }}
.panels {{ display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; flex: 1 1 20rem; }}
.panels > * {{ flex: 0 1 26rem; min-width: 0; }}
.panels > .legend {{ flex: 1 1 100%; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; margin: 1rem 0 0; padding: 0;
  list-style: none; font-size: 0.85rem; }}
.legend svg {{ vertical-align: middle; margin-right: 0.4rem; }}
details {{ margin-top: 0.9rem; font-size: 0.9rem; }}
summary {{ cursor: pointer; color: var(--faint); }}
.hash {{ font: 0.75rem ui-monospace, monospace; overflow-wrap: anywhere; min-width: 12rem; }}
@media (max-width: 40rem) {{
  body {{ font-size: 15px; }}
  h1 {{ font-size: 1.45rem; }}
  .claims li {{ grid-template-columns: minmax(0, 1fr); }} .claims p + p {{ grid-column: 1; }}
  nav div {{ grid-template-columns: minmax(0, 1fr); margin-bottom: 0.4rem; }}
  .grid img {{ width: min(5.25rem, 13vw); }} .many img, .crowd img {{ width: 2.75rem; }}
  .grid tbody th {{ min-width: 3rem; max-width: 4.5rem; font-size: 0.75rem;
    padding-right: 0.35rem; }}
  .grid thead th {{ font-size: 0.75rem; }}
  tbody th, tfoot th {{ max-width: 8rem; }} th, td {{ padding-right: 0.7rem; }}
}}
@page {{ size: A4; margin: 14mm 13mm; }}
@media print {{
  :root {{ color-scheme: light; --paper: #fff; --card: #fff; }}
  body {{ font-size: 10pt; padding: 0; max-width: none; }}
  nav, details {{ display: none; }}
  h2, h3, h4, caption, thead {{ break-after: avoid; }}
  tr, .show > * {{ break-inside: avoid; }}
  .result {{ border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: 0.6rem 0; }}
  .scroll {{ overflow: visible; }}
  table {{ font-size: 7.5pt; }} th, td {{ padding-right: 0.5rem; }}
  .grid img {{ width: 19mm; }} .many img {{ width: 14mm; }} .crowd img {{ width: 9mm; }}
  .panels > * {{ flex-basis: 82mm; }} .panel img {{ max-width: 82mm; }}
  .strip {{ width: 24mm; height: auto; }} tbody th, tfoot th {{ min-width: 18mm; max-width: 32mm; }}
  th:first-child {{ position: static; }}
  .strip, .legend, .claims, .warn {{ print-color-adjust: exact; }}
}}
"""
