/** The list of everything under the time axis. Only the rows in sight exist, so its length costs nothing. */
import { button, el, everyFrame } from "./dom.ts";
import { type Entries, type Entry, SOURCE_NAMES, Source } from "./entries.ts";
import { difference, seconds, type View } from "./view.ts";

const ROW_PX = 22;
const SPARE_ROWS = 6;
const FILTER_DELAY_MS = 120;
/** Browsers lose count of taller elements; beyond it the list is scaled: each pixel stands for more rows. */
const MAX_SPACER_PX = 8_000_000;

export interface TableEvents {
  pick(axisNs: number): void;
}

export class Table {
  readonly element = el("div", "table");
  readonly #list = el("div", "list");
  readonly #spacer = el("div", "spacer");
  readonly #count = el("span", "quiet");
  readonly #search = el("input");
  readonly #onlyView = el("input");
  readonly #shown = new Set<number>(Object.values(Source));
  readonly #entries: Entries;
  readonly #view: View;
  readonly #events: TableEvents;
  /** Indices into the entries that pass the filter; undefined: all of them. */
  #filtered: Uint32Array | undefined;
  #inView: { first: number; last: number } | undefined;
  #at = -1;
  readonly #paint = everyFrame(() => this.#render());

  constructor(entries: Entries, view: View, events: TableEvents) {
    this.#entries = entries;
    this.#view = view;
    this.#events = events;
    this.#list.append(this.#spacer);
    this.#list.tabIndex = 0;
    this.#list.setAttribute("role", "region");
    this.#list.setAttribute("aria-label", "events");
    this.#list.addEventListener("scroll", this.#paint);
    this.#list.addEventListener("click", (event) => this.#click(event));
    this.element.append(this.#controls(), headRow(), this.#list);
    this.refilter();
  }

  /** Marks and shows the entry nearest to a time. */
  focus(axisNs: number): void {
    this.#at = this.#entries.nearest(axisNs);
    const place = this.#placeOf(this.#at);
    this.#list.scrollTop = Math.max(0, (place - 7) * this.#pixelsPerRow());
    this.#paint();
  }

  /** The view moved: matters only while the table is bound to it. */
  viewChanged(): void {
    if (this.#onlyView.checked) this.refilter();
  }

  refilter(): void {
    const words = this.#search.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const all = this.#shown.size === Object.keys(Source).length && words.length === 0;
    const bound = this.#onlyView.checked;
    const first = bound ? this.#entries.lowerBound(this.#view.from) : 0;
    const last = bound ? this.#entries.lowerBound(this.#view.to) : this.#entries.length;
    this.#inView = all ? { first, last } : undefined;
    this.#filtered = all ? undefined : this.#matching(first, last, words);
    this.#spacer.style.height = `${this.#length() * this.#pixelsPerRow()}px`;
    const total = this.#entries.length.toLocaleString("en");
    this.#count.textContent = `${this.#length().toLocaleString("en")} of ${total} events`;
    this.#paint();
  }

  #matching(first: number, last: number, words: readonly string[]): Uint32Array {
    const found: number[] = [];
    for (let index = first; index < last; index++) {
      if (!this.#shown.has(this.#entries.sourceAt(index))) continue;
      if (words.length > 0) {
        const text = this.#entries.searchable(index);
        if (!words.every((word) => text.includes(word))) continue;
      }
      found.push(index);
    }
    return Uint32Array.from(found);
  }

  #length(): number {
    return this.#filtered?.length ?? (this.#inView ? this.#inView.last - this.#inView.first : 0);
  }

  #entryAt(place: number): number {
    return this.#filtered ? (this.#filtered[place] ?? -1) : (this.#inView?.first ?? 0) + place;
  }

  /** Where an entry stands in the filtered list, or the one after it. */
  #placeOf(entry: number): number {
    if (!this.#filtered) return entry - (this.#inView?.first ?? 0);
    const place = this.#filtered.findIndex((index) => index >= entry);
    return place < 0 ? this.#filtered.length : place;
  }

  #pixelsPerRow(): number {
    return Math.min(ROW_PX, MAX_SPACER_PX / Math.max(this.#length(), 1));
  }

  #render(): void {
    const scale = this.#pixelsPerRow();
    const top = this.#list.scrollTop;
    const rows = Math.ceil(this.#list.clientHeight / ROW_PX) + SPARE_ROWS;
    const first = Math.max(0, Math.min(Math.floor(top / scale) - SPARE_ROWS / 2, this.#length() - 1));
    const offset = scale === ROW_PX ? first * ROW_PX : top - (SPARE_ROWS / 2) * ROW_PX;
    const elements: HTMLElement[] = [];
    for (let place = first; place < Math.min(first + rows, this.#length()); place++) {
      const row = this.#row(place);
      row.style.top = `${offset + (place - first) * ROW_PX}px`;
      elements.push(row);
    }
    this.#spacer.replaceChildren(...elements);
  }

  #row(place: number): HTMLElement {
    const index = this.#entryAt(place);
    const entry = this.#entries.at(index);
    const row = el("div", "row");
    if (!entry) return row;
    row.dataset.index = String(index);
    row.classList.toggle("at", index === this.#at);
    row.classList.toggle("because", entry.because);
    row.classList.toggle("bad", entry.bad);
    row.classList.toggle("gap", entry.source === Source.GAP);
    const before = this.#entries.times[this.#entryAt(place - 1)];
    row.append(...cells(entry, this.#delta(entry, place > 0 ? before : undefined)));
    return row;
  }

  #delta(entry: Entry, beforeNs: number | undefined): string {
    const from = this.#view.mark ?? beforeNs;
    return from === undefined ? "" : difference(entry.axisNs - from);
  }

  #click(event: MouseEvent): void {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>(".row") : null;
    const index = Number(row?.dataset.index ?? -1);
    const axisNs = this.#entries.times[index];
    if (axisNs === undefined) return;
    this.#at = index;
    this.#events.pick(axisNs);
    this.#paint();
  }

  #controls(): HTMLElement {
    this.#search.type = "search";
    this.#search.placeholder = "filter: words, all must match";
    this.#search.setAttribute("aria-label", "filter events");
    let timer = 0;
    this.#search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => this.refilter(), FILTER_DELAY_MS);
    });
    this.#onlyView.type = "checkbox";
    this.#onlyView.addEventListener("change", () => this.refilter());
    const sources = el("span", "sources");
    for (const source of Object.values(Source)) sources.append(this.#sourceBox(source));
    sources.append(el("label", "", this.#onlyView, " only what the axis shows"));
    const clear = button("clear", "no filter", () => {
      this.#search.value = "";
      this.refilter();
    });
    return el("div", "bar", this.#search, clear, sources, this.#count);
  }

  #sourceBox(source: number): HTMLElement {
    const box = el("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => {
      if (box.checked) this.#shown.add(source);
      else this.#shown.delete(source);
      this.refilter();
    });
    return el("label", "", box, ` ${SOURCE_NAMES[source] ?? ""}`);
  }
}

function cells(entry: Entry, delta: string): HTMLElement[] {
  const time = el("span", "", seconds(entry.axisNs));
  if (entry.uncertaintyNs > 0)
    time.title = `mapped from another clock, known to ${difference(entry.uncertaintyNs)} either way`;
  const about = entry.uncertaintyNs > 0 ? "≈" : "";
  const label = entry.label === "" || entry.label === entry.text ? "" : `${entry.label}  `;
  return [
    el("span", "m", entry.because ? "▶" : entry.bad ? "!" : ""),
    time,
    el("span", "d", about + delta),
    el("span", "s", SOURCE_NAMES[entry.source] ?? ""),
    el("span", "", label + entry.text),
  ];
}

function headRow(): HTMLElement {
  const names = ["", "seconds", "since", "witness", "what"];
  return el(
    "div",
    "list head",
    el("div", "row", ...names.map((name) => el("span", name === "since" ? "d" : "", name))),
  );
}
