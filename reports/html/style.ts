/** The page's style. Outcomes differ by sign, word and border before they differ by colour (Okabe-Ito hues). */
export const STYLE = `
:root{--bg:#f6f7f9;--card:#fff;--ink:#1b2330;--dim:#5b6675;--line:#d9dee6;--soft:#eef1f5;--accent:#0b62a8;
--pass:#00734f;--fail:#b3400a;--incon:#7a5a00;--infra:#5d4a9e;--failbg:#fdf0e8;--inconbg:#fdf7e3;--infrabg:#f2effb;
--mono:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;color-scheme:light dark}
@media screen and (prefers-color-scheme:dark){:root{--bg:#11151b;--card:#181e26;--ink:#e2e8f0;--dim:#97a3b4;--line:#2c3542;--soft:#212935;
--accent:#6cb6f2;--pass:#38c793;--fail:#ff8a4c;--incon:#e5b93a;--infra:#b3a1f5;--failbg:#2b1d15;--inconbg:#2a2412;--infrabg:#221e33}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
header,main,footer,.notice{max-width:1480px;margin-inline:auto;padding-inline:24px}
header{padding-top:22px;padding-bottom:10px}
h1{font-size:22px;margin:0;letter-spacing:-.01em}
.title{display:flex;gap:14px;align-items:center;flex-wrap:wrap}
.exit{border:1.5px solid currentColor;border-radius:999px;padding:2px 12px;font-weight:600}
.counts{margin:10px 0 12px;display:flex;gap:18px;font-size:15px;flex-wrap:wrap}.counts b{font-variant-numeric:tabular-nums}
.pass{color:var(--pass)}.fail{color:var(--fail)}.inconclusive,.flaky{color:var(--incon)}.infra{color:var(--infra)}.skipped,.none{color:var(--dim)}
.facts{display:flex;flex-wrap:wrap;gap:4px 28px;margin:0}.facts div{display:flex;gap:8px}.facts dt{color:var(--dim)}.facts dd{margin:0}
.facts dt:empty{display:none}
.more{margin-top:6px;color:var(--dim)}.more summary{cursor:pointer}.more[open]{color:var(--ink)}
.edges code{background:var(--soft);border-radius:4px;padding:1px 6px;font:12px var(--mono)}
.notice{margin-block:6px}.notice.fault{color:var(--incon)}.notice.trouble{color:var(--infra)}
main{padding-bottom:30px}footer{padding-block:10px 40px;color:var(--dim);font-size:12px}
details.test{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--line);border-radius:6px;margin:7px 0;color:var(--ink)}
details.test.fail{border-left-color:var(--fail)}details.test.inconclusive,details.test.flaky{border-left-color:var(--incon);border-left-style:dashed}
details.test.infra{border-left-color:var(--infra);border-left-style:double}details.test.pass{border-left-color:var(--pass)}
.test>summary{display:grid;grid-template-columns:76px 92px minmax(200px,1.1fr) minmax(200px,1.5fr) 64px;gap:12px;align-items:baseline;padding:8px 14px;cursor:pointer;list-style:none}
.test>summary::-webkit-details-marker{display:none}.test>summary:hover{background:var(--soft)}
.test[open]>summary{border-bottom:1px solid var(--line)}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.badge{font-weight:700;white-space:nowrap}.badge b{display:inline-block;width:1.1em}
.area{color:var(--dim)}.name{font-weight:550}.name small{color:var(--dim);font-weight:400}
.took{text-align:right;color:var(--dim);font-variant-numeric:tabular-nums;white-space:nowrap}
.figure{color:var(--dim);margin-right:10px;white-space:nowrap}.figure b{color:var(--ink);font-weight:600;font-variant-numeric:tabular-nums}
.test.fail .why{color:var(--fail);font-weight:600}.test.infra .why{color:var(--infra)}.test.inconclusive .why,.test.flaky .why{color:var(--incon)}
.body{padding:10px 14px 14px}.story{margin:0 0 8px}.quiet,.files{color:var(--dim);font-size:12.5px}
.story .quiet{margin-left:8px}.files a{color:var(--accent);margin-right:10px}
.finding{border-radius:6px;padding:10px 14px;margin:8px 0;background:var(--failbg);border:1px solid var(--fail)}
.finding.inconclusive{background:var(--inconbg);border-color:var(--incon);border-style:dashed}
.finding,.finding.inconclusive{color:var(--ink)}
.known{margin:10px 0 0;border-left:3px solid var(--accent);padding:2px 0 2px 12px}.known h4{margin:0 0 4px;font-size:14px;font-weight:550}.known h4 b{color:var(--accent)}.known .source{color:var(--accent);white-space:nowrap}
.finding h3{margin:0 0 6px;font-size:16px;color:var(--fail)}.finding.inconclusive h3{color:var(--incon)}
.finding .at{font-weight:400;font-size:13px;color:var(--dim)}.jump{color:var(--accent);font-family:var(--mono)}
.finding dl{display:grid;grid-template-columns:80px 1fr;gap:2px 10px;margin:0;white-space:pre-wrap;overflow-wrap:anywhere}.finding dt{color:var(--dim)}.finding dd{margin:0}
.records{margin-top:8px;border-collapse:collapse;font:12px/1.5 var(--mono)}.records caption{text-align:left;color:var(--dim);font:12.5px system-ui,sans-serif;padding-bottom:2px}
.records td{padding:0 14px 0 0;vertical-align:top;white-space:nowrap}.records td:nth-child(2){text-align:right;color:var(--dim)}.records td:nth-child(3){color:var(--dim)}.records td:last-child{white-space:normal;overflow-wrap:anywhere}
.panel{margin-top:10px}
.bar{display:flex;gap:8px;align-items:center;flex-wrap:wrap;margin:6px 0}
button,input[type=search]{font:inherit;font-size:12.5px;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:5px;padding:3px 9px}
button{cursor:pointer}button:hover{border-color:var(--accent)}
.bar .keys{color:var(--dim);font-size:12px;margin-left:auto}kbd{font:11px var(--mono);border:1px solid var(--line);border-bottom-width:2px;border-radius:3px;padding:0 4px;background:var(--soft)}
.readout{font:12.5px/1.6 var(--mono);background:var(--soft);border:1px solid var(--line);border-bottom:0;border-radius:6px 6px 0 0;padding:5px 10px;min-height:54px;overflow-wrap:anywhere}
.readout b{font-size:14px}.readout .near{color:var(--dim);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}.readout .is{margin-left:14px;white-space:nowrap}.readout .is i{font-style:normal;color:var(--dim)}
canvas{display:block;box-sizing:content-box;width:calc(100% - 2px);border:1px solid var(--line);background:var(--card);touch-action:pan-y;cursor:crosshair}
canvas.dragging{cursor:grabbing}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;color:var(--dim);font-size:12px;margin:4px 0 0}
.table{margin-top:10px}.sources{display:flex;gap:10px;flex-wrap:wrap;font-size:12.5px}.sources label{cursor:pointer;white-space:nowrap}
input[type=search]{width:270px}.readout div>.is:first-child{margin-left:0}
.list{height:396px;overflow:auto;border:1px solid var(--line);border-radius:0 0 6px 6px;position:relative;font:12px/22px var(--mono);background:var(--card)}
.spacer{position:relative}.row{position:absolute;left:0;right:0;height:22px;display:grid;grid-template-columns:22px 132px 92px 118px 1fr;gap:8px;padding:0 8px;white-space:pre;cursor:pointer}
.row>span{overflow:hidden;text-overflow:ellipsis}.row:hover{background:var(--soft)}.row.at{background:var(--soft);box-shadow:inset 3px 0 var(--accent)}
.row.because{background:var(--failbg)}.row.bad>span:last-child{color:var(--fail);font-weight:600}.row.gap{background:repeating-linear-gradient(135deg,transparent 0 6px,var(--soft) 6px 12px)}
.row .d,.row .s{color:var(--dim)}.row .d{text-align:right;padding-right:6px}.row .m{color:var(--fail)}
.list.head{height:auto;overflow:hidden;border-bottom:0;border-radius:6px 6px 0 0;color:var(--dim);background:var(--soft)}.list.head .row{position:static;cursor:default}
@media(max-width:900px){.test>summary{grid-template-columns:76px 1fr 64px}.test>summary .area{display:none}.test>summary .first{grid-column:1/-1;order:1}}
@media print{:root{color-scheme:light}body{background:#fff;font-size:11px}.bar,.sources,.more,.legend{display:none}.finding,canvas,summary{break-inside:avoid}canvas{height:auto!important}.table{display:none}header,main,footer{padding-inline:0;max-width:none}}
`;
