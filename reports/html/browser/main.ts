/** Begins the page: a test's panel is made when the test is opened, and links of the form `#test=..&t=..` are followed. */
import type { Names, TestData } from "../data.ts";
import { el } from "./dom.ts";
import { Panel } from "./panel.ts";
import { bootAt } from "./readout.ts";
import { seconds } from "./view.ts";

const parse = <T>(id: string): T | undefined => {
  const text = document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as T) : undefined;
};

const names = parse<Names>("names");
const panels = new Map<string, Panel>();
const tests = [...document.querySelectorAll<HTMLDetailsElement>("details.test")];

function panelOf(test: HTMLDetailsElement): Panel | undefined {
  const index = test.dataset.test ?? "";
  const known = panels.get(index);
  if (known) return known;
  const place = test.querySelector<HTMLElement>("[data-panel]");
  const data = parse<TestData>(`data-${index}`);
  if (!place || !data || !names) return undefined;
  if (isEmpty(data)) {
    place.replaceChildren(el("p", "quiet", "no evidence was recorded in this test: nothing to show on an axis"));
    return undefined;
  }
  const panel = new Panel(place, data, names, (axisNs) => setLink(panel, axisNs));
  panels.set(index, panel);
  return panel;
}

const isEmpty = (data: TestData): boolean =>
  data.actions.length + data.console.length + data.device.length === 0 &&
  data.segments.every((segment) => segment.rows.length + segment.dmesg.length + segment.gaps.length === 0);

/** The address of a place: the test, and the time on the clock of the boot that it belongs to. */
function setLink(panel: Panel, axisNs: number): void {
  const { id, attempt } = panel.model.data;
  const boot = bootAt(panel.model, axisNs);
  const link = new URLSearchParams({ test: id });
  if (attempt > 0) link.set("attempt", String(attempt));
  if (boot && boot.number > 1) link.set("seg", String(boot.number - 1));
  link.set("t", seconds(axisNs + (boot?.shiftNs ?? 0)));
  history.replaceState(null, "", `#${link}`);
}

function followLink(): void {
  const link = new URLSearchParams(location.hash.slice(1));
  const wanted = link.get("test");
  const time = Number(link.get("t") ?? Number.NaN);
  const candidates = wanted === null ? tests : tests.filter((test) => matches(test, wanted, link.get("attempt")));
  for (const test of candidates) {
    const wasOpen = test.open;
    test.open = true; // a panel can only be measured in sight
    const panel = panelOf(test);
    const axisNs = Number.isFinite(time) ? axisTime(panel, Number(link.get("seg") ?? 0), time) : undefined;
    const held = axisNs !== undefined && panel && axisNs >= panel.model.from && axisNs <= panel.model.to;
    if (wanted === null && !held) {
      test.open = wasOpen;
      continue;
    }
    if (axisNs !== undefined) panel?.goTo(axisNs);
    test.scrollIntoView({ block: "start" });
    return;
  }
}

function matches(test: HTMLDetailsElement, id: string, attempt: string | null): boolean {
  const data = parse<TestData>(`data-${test.dataset.test ?? ""}`);
  return data?.id === id && (attempt === null || String(data.attempt) === attempt);
}

function axisTime(panel: Panel | undefined, segment: number, seconds: number): number | undefined {
  const shift = panel?.model.data.segments[segment]?.shiftNs ?? 0;
  return panel && Math.round(seconds * 1e9) - shift;
}

for (const test of tests) {
  test.addEventListener("toggle", () => {
    if (test.open) panelOf(test);
  });
  if (test.open) panelOf(test);
  for (const jump of test.querySelectorAll<HTMLElement>("[data-jump]")) {
    jump.addEventListener("click", (event) => {
      event.preventDefault();
      panelOf(test)?.toFinding(Number(jump.dataset.jump?.split(":")[1] ?? 0));
      test.querySelector("canvas")?.scrollIntoView({ block: "center" });
    });
  }
}
addEventListener("hashchange", followLink);
if (location.hash.length > 1) followLink();
