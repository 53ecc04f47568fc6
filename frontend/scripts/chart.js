// Draws a finding's figures anew from the public API, so that one can point at them: the picture on the page is complete without it.
import { compile } from "vega-lite";
import { View, parse } from "vega";
import { expressionInterpreter } from "vega-interpreter";

const INTERVAL = { opacity: 0.9, strokeWidth: 2 };

export async function explore(room) {
  const finding = await fetch(room.dataset.finding).then((response) => (response.ok ? response.json() : Promise.reject(response)));
  const language = document.documentElement.lang;
  const words = room.dataset;
  const say = writer(language, words);
  const plot = room.querySelector("[data-plot]");
  const rows = finding.figures.filter((each) => each.estimate !== null && each.status !== "suppressed").map((each, order) => ({
    order,
    label: each.label[language] ?? each.label.en,
    lines: inLines(each.label[language] ?? each.label.en, plot.clientWidth < 500 ? 17 : 40),
    minute: each.minute ?? null,
    kind: kindOf(each, finding),
    estimate: each.estimate,
    low: each.low ?? each.estimate,
    high: each.high ?? each.estimate,
    said: say(each, kindOf(each, finding)),
  }));
  const kinds = [...new Set(rows.map((each) => each.kind))].sort((a, b) => (b === "minute") - (a === "minute"));
  const panels = kinds.map((kind) => panel(kind, rows.filter((each) => each.kind === kind), plot, words));
  const { spec } = compile({ vconcat: panels, spacing: 28, autosize: { type: "pad" }, config: look() });
  const view = new View(parse(spec, null, { ast: true }), {
    expr: expressionInterpreter,
    renderer: "svg",
    container: plot,
    hover: true,
    tooltip: () => {},
  });
  view.description(words.label);
  const told = room.querySelector("output");
  view.addEventListener("pointermove", (_, item) => {
    if (item?.datum?.said) told.textContent = `${item.datum.label}${item.datum.minute === null ? "" : `, ${clock(item.datum.minute, language)}`}: ${item.datum.said}`;
  });
  await view.runAsync();
  room.hidden = false;
}

function kindOf(figure, finding) {
  if (figure.minute !== undefined && figure.minute !== null) return "minute";
  if (figure.wilson_low !== undefined) return "share";
  if (figure.part === "group") return finding.unit.includes("ratio") ? "rate" : finding.unit;
  return figure.unit ?? finding.unit;
}

function isShare(kind) {
  return kind === "share" || kind === "minute";
}

function panel(kind, rows, plot, words) {
  const width = Math.max(160, plot.clientWidth - (plot.clientWidth < 500 ? 150 : 330));
  const isRatio = kind.includes("ratio");
  const format = isShare(kind) ? "%" : undefined;
  const x = { type: "quantitative", title: words[isShare(kind) ? "share" : kind.replace(" ", "")] ?? kind, scale: isRatio ? { type: "log", nice: false, padding: 10 } : { zero: true }, axis: { format, tickCount: 5 } };
  const place = kind === "minute"
    ? { y: { ...x, field: "estimate" }, y2: "high", x: { field: "minute", type: "quantitative", title: words.minute, scale: { zero: false }, axis: { labelExpr: "floor(datum.value / 60) % 24 + ':' + (datum.value % 60 < 10 ? '0' : '') + datum.value % 60", tickCount: 6 } } }
    : { x: { ...x, field: "estimate" }, y: { field: "lines", type: "nominal", title: null, sort: { field: "order" }, axis: { labelLimit: plot.clientWidth < 500 ? 130 : 310 } } };
  const labels = [...new Set(rows.map((each) => each.label))];
  const told = kind === "minute" ? { color: { field: "label", type: "nominal", title: null, scale: { domain: labels, range: ["#c05600", "#2f8fd0", "#767676"] }, legend: { orient: "top" } } } : {};
  const along = kind === "minute" ? "y" : "x";
  const layers = [
    { mark: { type: "rule", ...INTERVAL }, encoding: { ...place, ...told, [along]: { ...place[along], field: "low" }, [`${along}2`]: { field: "high" } } },
    { mark: { type: "point", filled: true, size: 130, opacity: 1 }, encoding: { x: place.x, y: place.y, ...told, ...(kind === "minute" ? { shape: { ...told.color, scale: { domain: labels, range: ["circle", "square", "diamond"] } } } : {}) } },
  ];
  if (isRatio) layers.unshift({ data: { values: [{ none: 1 }] }, mark: { type: "rule", strokeDash: [4, 4] }, encoding: { x: { field: "none", type: "quantitative" } } });
  return { width, ...(kind === "minute" ? { height: 240 } : { height: { step: plot.clientWidth < 500 ? 58 : 36 } }), data: { values: rows }, layer: layers };
}

function writer(language, words) {
  const share = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
  const whole = new Intl.NumberFormat(language);
  return (figure, kind) => {
    const shown = (value) => (isShare(kind) ? share : number).format(value);
    const interval = figure.low === null || figure.low === undefined ? "" : ` (${words.interval}: ${shown(figure.low)} – ${shown(figure.high)})`;
    return `${shown(figure.estimate)}${interval}${figure.n ? `, n = ${whole.format(figure.n)}` : ""}`;
  };
}

function inLines(text, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && lines.at(-1).length + word.length >= width) lines.push("");
    lines[lines.length - 1] += `${lines.at(-1) ? " " : ""}${word}`;
  }
  return lines.join("\n");
}

function clock(minute, language) {
  return new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit", timeZone: "UTC" }).format(new Date(minute * 60_000));
}

function look() {
  const style = getComputedStyle(document.body);
  const ink = style.color;
  const accent = matchMedia("(prefers-color-scheme: dark)").matches ? "#73b3e7" : "#0072b2";
  const text = { labelColor: ink, titleColor: ink, labelFont: style.fontFamily, titleFont: style.fontFamily, labelFontSize: 14, titleFontSize: 14, titleFontWeight: "normal" };
  return { lineBreak: "\n", background: "transparent", legend: { ...text, symbolSize: 120 }, view: { stroke: null }, axis: { ...text, grid: true, gridOpacity: 0.25, domainColor: ink, tickColor: ink }, point: { color: accent }, rule: { color: ink } };
}
