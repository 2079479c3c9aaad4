"""The style sheet of the report's page: both themes and paper."""

STYLE = """
:root{color-scheme:light dark;--paper:#faf9f6;--card:#fff;--ink:#1d2530;--faint:#68707c;--rule:#dfdcd4;
--bar:#2c7a7b;--want:#d9730d;--men:#3f75b5;--women:#b9567f;--good:#2b7a3d;--bad:#b3261e;
--p0:#a9c1d9;--p1:#2c7a7b;--p2:#7a6f9b;--p3:#d9730d;--p4:#8c8c8c}
@media(prefers-color-scheme:dark){:root{--paper:#12161b;--card:#1a2027;--ink:#e7eaee;--faint:#98a2ae;--rule:#2d3640;
--bar:#4fb0a8;--want:#ffa04d;--men:#6fa3e0;--women:#df86ab;--good:#71c586;--bad:#ff8a80;
--p0:#4b6784;--p1:#4fb0a8;--p2:#9c8fc4;--p3:#ffa04d;--p4:#8c8c8c}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:1240px;margin:0 auto;padding:36px 24px 64px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:20px;margin:44px 0 14px;padding-top:14px;border-top:2px solid var(--ink)}
header p{max-width:75ch;margin:6px 0 18px;color:var(--faint)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:14px}
.tiles div{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 16px}
.tiles b{display:block;font-size:24px;font-variant-numeric:tabular-nums;line-height:1.25}
.tiles span,.note,.faint{color:var(--faint)}
.tiles span{font-size:13px}
header .verdict{max-width:none;margin:18px 0 0;padding:10px 16px;border-left:4px solid;background:var(--card)}
.verdict.good,.mark.good{color:var(--good)}
.verdict.bad,.mark.bad{color:var(--bad)}
.grid{columns:2 480px;column-gap:18px}
figure,details{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:14px 18px;
min-width:0}
figure,details{break-inside:avoid;margin:0 0 18px}
.wide{column-span:all}
figcaption,summary{font-weight:600;margin-bottom:8px}
summary{cursor:pointer;margin:0}
.note{font-size:12.5px;margin:10px 0 0;line-height:1.45}
.mark{font-size:12px;font-weight:600}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:11.5px system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--ink)}
svg text.small{font-size:11px}
svg text.faint{fill:var(--faint)}
svg text.strong{font-size:13px;font-weight:600}
.bar{fill:var(--bar)}
.men{fill:var(--men)!important}
.women{fill:var(--women)!important}
.want{stroke:var(--want);stroke-width:2;fill:none}
.axis{stroke:var(--rule)}
.part0{fill:var(--p0)}.part1{fill:var(--p1)}.part2{fill:var(--p2)}.part3{fill:var(--p3)}.part4{fill:var(--p4)}
.keys{margin:6px 0 0;font-size:12.5px}
.key{margin-right:14px;white-space:nowrap}
.key::before{content:"";display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px;vertical-align:-1px}
.key.part0::before{background:var(--p0)}.key.part1::before{background:var(--p1)}.key.part2::before{background:var(--p2)}
.key.part3::before{background:var(--p3)}.key.part4::before{background:var(--p4)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{text-align:right;font-weight:500;color:var(--faint);border-bottom:1px solid var(--ink);padding:4px 8px;
vertical-align:bottom}
td{text-align:right;border-bottom:1px solid var(--rule);padding:4px 8px;vertical-align:top}
th:first-child,td:first-child,.words td,.words th{text-align:left}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--faint:#444;--rule:#ccc;--bar:#2c7a7b;--want:#d9730d;
--men:#3f75b5;--women:#b9567f;--good:#2b7a3d;--bad:#b3261e;--p0:#a9c1d9;--p1:#2c7a7b;--p2:#7a6f9b;--p3:#d9730d}
body{font-size:11px}main{max-width:none;padding:0}figure,.tiles div{break-inside:avoid}
.grid{columns:2}h2{break-after:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
