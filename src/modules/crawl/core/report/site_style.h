// SPDX-License-Identifier: Apache-2.0
// The style sheet of the crawl's report. Not for other pages.
#pragma once

#include <string_view>

namespace sluice::crawl {

inline constexpr std::string_view site_style = R"css(
:root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--ink:#1a2130;--soft:#5d6778;--rule:#e4e8ee;
--accent:#2f6be0;--good:#2c9a63;--warn:#d48a1c;--bad:#d14a4a;--mute:#b8c0cc;--move:#7d8fd6;
--c0:#aab3c0;--c1:#2f6be0;--c2:#e07a2f;--c3:#1f9d83;--c4:#9050c8;--c5:#c99a12;--c6:#d3456f;--c7:#1a97bd;--c8:#6d8a2a}
@media (prefers-color-scheme:dark){:root{--page:#10141b;--card:#181e28;--ink:#e7ebf2;--soft:#98a3b5;
--rule:#2a3342;--accent:#74a2ff;--good:#52c48b;--warn:#efb04e;--bad:#f07a7a;--mute:#4a5567;--move:#94a5ec;
--c0:#5c6879;--c1:#74a2ff;--c2:#ff9c5e;--c3:#4fd0b3;--c4:#c791f2;--c5:#e8c352;--c6:#ff85aa;--c7:#5fcdea;--c8:#a8c65c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:36px 20px 48px}
h1{font-size:30px;line-height:1.2;letter-spacing:-.01em;margin:0 0 6px;overflow-wrap:anywhere}
h2{font-size:17px;margin:0 0 2px}p{margin:0 0 10px}small,.soft{color:var(--soft)}small{font-size:12.5px}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
.badge{display:inline-block;padding:1px 10px;border-radius:99px;font-size:13px;font-weight:600;
color:var(--card);background:var(--good);vertical-align:2px;margin-left:10px}.badge.warn{background:var(--warn)}
.badge.bad{background:var(--bad)}
section{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:20px 22px;margin:16px 0;min-width:0}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:16px;margin:16px 0}
.two section{margin:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:12px;margin:22px 0 16px}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:13px 16px}
.tile b{display:block;font-size:24px;line-height:1.25;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.tile span{color:var(--soft);font-size:13px}
.stack{display:flex;height:26px;border-radius:7px;overflow:hidden;gap:2px;margin:12px 0 10px;background:var(--rule)}
.stack i{min-width:3px}
.legend{display:flex;flex-wrap:wrap;gap:4px 22px;font-size:14px}
.legend span{white-space:nowrap}.legend b{font-variant-numeric:tabular-nums}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:7px}
.sum{margin:12px 0 0;font-variant-numeric:tabular-nums}.sum b{color:var(--good)}.sum b.no{color:var(--bad)}
.bars{display:grid;gap:7px;margin-top:12px;font-size:14px}
.bars>div{display:grid;grid-template-columns:minmax(90px,1.25fr) 2fr minmax(58px,auto);gap:12px;align-items:center}
.bars .what{overflow-wrap:anywhere;line-height:1.3}.bars .what small{display:block}
.bars b{text-align:right;font-variant-numeric:tabular-nums;font-weight:600}
.track{background:var(--rule);border-radius:5px;height:13px;overflow:hidden}
.track i{display:block;height:100%;border-radius:5px;min-width:2px}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px;margin-top:8px}
th{color:var(--soft);font-weight:500;text-align:right;border-bottom:1px solid var(--rule);padding:6px 12px;white-space:nowrap}
td{text-align:right;border-bottom:1px solid var(--rule);padding:6px 12px;white-space:nowrap;vertical-align:top}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;overflow-wrap:anywhere;min-width:190px}
td.text,th.text{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:130px}
tr:last-child td{border-bottom:0}
td .track{display:inline-block;width:110px;height:9px;vertical-align:1px;margin-right:10px}
.tag{display:inline-block;border-radius:5px;padding:0 7px;font-weight:600;font-size:13px;color:var(--card);background:var(--bad)}
.tag.warn{background:var(--warn)}
details summary{cursor:pointer;color:var(--accent);margin-top:8px;font-size:14px}
td details summary{margin:0}
svg{display:block;width:100%;height:auto;margin-top:10px}
svg text{fill:var(--soft);font:12px system-ui,"Segoe UI",Roboto,sans-serif}
.grid{stroke:var(--rule)}.area{stroke-width:0}
.area.pages{fill:var(--accent);opacity:.78}.area.failed{fill:var(--bad)}
.good{background:var(--good);fill:var(--good)}.warn{background:var(--warn);fill:var(--warn)}
.bad{background:var(--bad);fill:var(--bad)}.mute{background:var(--mute);fill:var(--mute)}
.move{background:var(--move);fill:var(--move)}.main{background:var(--accent);fill:var(--accent)}
circle{stroke:var(--card);stroke-width:1.5}.links path{fill:none}
circle.g0{fill:var(--c0)}circle.g1{fill:var(--c1)}circle.g2{fill:var(--c2)}circle.g3{fill:var(--c3)}
circle.g4{fill:var(--c4)}circle.g5{fill:var(--c5)}circle.g6{fill:var(--c6)}circle.g7{fill:var(--c7)}circle.g8{fill:var(--c8)}
.links .g0{stroke:var(--c0)}.links .g1{stroke:var(--c1)}.links .g2{stroke:var(--c2)}.links .g3{stroke:var(--c3)}
.links .g4{stroke:var(--c4)}.links .g5{stroke:var(--c5)}.links .g6{stroke:var(--c6)}.links .g7{stroke:var(--c7)}.links .g8{stroke:var(--c8)}
text.name{fill:var(--ink);font-size:11.5px;paint-order:stroke;stroke:var(--card);stroke-width:3.5px;stroke-linejoin:round}
footer{color:var(--soft);font-size:13px;margin-top:22px}
@media print{body{background:#fff}section,.tile{break-inside:avoid}}
)css";

}  // namespace sluice::crawl
