"use strict";
// Draws the overview and the articles from the page's own data. Text goes in as textContent only.
(() => {
  const SIGNS = ["", "+", "o", "−", "?", "?"];
  const STATES = ["under the threshold", "in favor", "neutral", "against", "stance not coded", "withheld"];
  const PAGE_OF_ROWS = 25;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  data.articles = unpackArticles(data.articles);
  const form = byId("filters");
  const tip = byId("tip");
  const view = { sort: null, down: false, rows: PAGE_OF_ROWS, open: 0, order: [] };
  let filter = readFilter();

  // --- The page's data, as stance/report/data.py packs it

  // Returns a function that gives the next whole number, and undefined after the last.
  function reader(text) {
    const bytes = atob(text);
    let place = 0;
    return () => {
      if (place === bytes.length) return undefined;
      let number = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes.charCodeAt(place);
        place += 1;
        number += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return number;
      }
    };
  }

  function unpackArticles({ title, date, sources, source, numbers }) {
    const next = reader(numbers);
    return title.map((name, number) => ({
      title: name, date: date[number], source: sources[source[number]], sentences: next(),
      frames: data.frames.map(() => Array.from({ length: 12 }, () => next() - 1)),
    }));
  }

  // Returns an article's parts: a sentence as [text, entry, ...], what was skipped as { skipped,
  // text }, and null for the start of a paragraph. An entry is [frame, state, P(frame), P of the
  // stance, [[start, end, weight], ...], whether it was explained].
  function unpackText([lines, numbers]) {
    const parts = lines.split("\n").map((line) => {
      if (!line) return null;
      if (!line.startsWith("\t")) return [line];
      const [, skipped, text] = line.split("\t");
      return { skipped, text };
    });
    const sentences = parts.filter(Array.isArray);
    const next = reader(numbers);
    let place = 0;
    for (let head = next(); head !== undefined; head = next()) {
      const [explained, state, frame, after] = apart(head, [2, STATES.length, data.frames.length]);
      place += after;
      const entry = [frame, state, next() - 1, state ? next() - 1 : -1];
      entry.push(Array.from({ length: explained ? next() : 0 }, () => readWord(next)), explained);
      sentences[place].push(entry);
    }
    return parts;
  }

  // Takes a number apart that several were put into: its remainders in turn, and what is left.
  function apart(number, counts) {
    let left = number;
    const parts = counts.map((of) => { const rest = left % of; left = (left - rest) / of; return rest; });
    return [...parts, left];
  }

  function readWord(next) {
    const start = next();
    return [start, start + next(), next()];
  }

  function make(name, properties = {}, ...children) {
    const svg = name === "svg" || name === "rect";
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key.startsWith("--")) element.style.setProperty(key, value);
      else if (value !== null) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  const share = (hundredths) => (hundredths < 0 ? "–" : (hundredths / 100).toFixed(2));
  const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  function tag(frame, text = "", probability = null) {
    const { letter, color, ink } = data.frames[frame];
    const style = { class: "tag", "aria-hidden": "true", "--color": color, "--ink": ink };
    return make("span", { ...style, "data-probability": probability }, text ? `${letter}\u2009${text}` : letter);
  }

  function bar(frame, value, low, high, scale) {
    const end = (part) => `${Math.min(100, (100 * part) / scale)}%`;
    const style = { "--color": data.frames[frame].color, "--value": end(value) };
    return make("span", { class: "bar", "aria-hidden": "true", ...style, "--low": end(low), "--high": end(high) });
  }

  // What an article holds of a frame: sentences by state (the last: not coded), the share of those
  // judged whose decision was withheld, its own share (−1 where none was judged) and that one's
  // interval, the highest probability by state in hundredths (the last: left open), and the balance
  // of the stances that were coded (null where none was).
  function use(article, frame) {
    const numbers = data.articles[article].frames[frame];
    const counts = numbers.slice(0, 4);
    const total = counts.reduce((sum, part) => sum + part, 0);
    const coded = total - counts[3];
    const balance = coded ? (counts[0] - counts[2]) / coded : null;
    const judged = numbers[5];
    const open = numbers[4] ? `${percent(numbers[4] / judged)} more left open` : "";
    return { counts, total, share: judged ? total / judged : -1, open, low: numbers[6] / 1000, high: numbers[7] / 1000, highest: numbers.slice(8), balance };
  }

  // Halves go to the even number, as in Python, which wrote the rest of the page: one share is one
  // number everywhere. Of hundredths only whole eighths can be halves, and 100 times them is exact.
  // Below 10% shares have one decimal, of which only odd quarters of a hundredth can be halves.
  const halfToEven = (number) => (number % 1 === 0.5 ? 2 * Math.round(number / 2) : Math.round(number));
  const percent = (value) => {
    const size = 100 * value;
    if (!(value > 0 && value < 0.1)) return `${halfToEven(size)}%`;
    return `${(size % 0.25 === 0 ? halfToEven(10 * size) / 10 : size).toFixed(1)}%`;
  };
  const signed = (value) => {
    const size = Math.abs(value);
    const rounded = size % 0.125 === 0 ? halfToEven(100 * size) / 100 : size;
    return `${value < 0 ? "−" : "+"}${rounded.toFixed(2)}`;
  };

  // --- Filters

  function readFilter() {
    const values = new FormData(form);
    const all = form.querySelectorAll("[name=frame], [name=stance]").length;
    const frames = new Set(values.getAll("frame").map(Number));
    const stances = new Set(values.getAll("stance").map(Number));
    const least = Number(values.get("least") ?? 0);
    return { frames, stances, least, any: frames.size + stances.size === all && least === 0 };
  }

  function matches([frame, state, probability]) {
    if (!state || !filter.frames.has(frame) || !filter.stances.has(Math.min(state, 4))) return false;
    return probability < 0 || probability >= filter.least;
  }

  function articleMatches(article) {
    return [...filter.frames].some((frame) => {
      const { counts, highest } = use(article, frame);
      return [...filter.stances].some((stance) =>
        highest[stance - 1] >= 0 ? highest[stance - 1] >= filter.least : counts[stance - 1] > 0);
    });
  }

  function applyFilters() {
    filter = readFilter();
    if (byId("least")) byId("least").value = share(filter.least);
    const sentences = document.querySelectorAll("#articles .sentence");
    sentences.forEach(paint);
    const on = (name) => Boolean(form.elements[name]?.checked);
    byId("articles").classList.toggle("only", on("only"));
    byId("articles").classList.toggle("words", on("words"));
    document.querySelectorAll(".article").forEach(resetFocus);
    hideTip();
    drawOverview();
    const found = data.articles.filter((_, number) => articleMatches(number)).length;
    const shown = document.querySelectorAll("#articles .match").length;
    byId("matches").textContent =
      `${shown.toLocaleString("en")} of ${count(sentences.length, "sentence")} shown below match` +
      (data.articles.length > 1 ? `; ${found.toLocaleString("en")} of ${count(data.articles.length, "article")} have a match.` : ".");
  }

  // --- Overview

  const columns = [
    { name: "Article", key: (article) => article.title.toLowerCase() },
    { name: "Date", key: (article) => article.date, needs: "date" },
    { name: "Source", key: (article) => article.source.toLowerCase(), needs: "source" },
    { name: "Sentences", key: (article) => article.sentences, number: true },
    ...data.columns.map((frame) => ({ frame, name: data.frames[frame].name, key: (_, number) => use(number, frame).share, number: true })),
  ].filter(({ needs }) => !needs || data.articles.some((article) => article[needs]));

  function drawColumns() {
    byId("columns").replaceChildren(...columns.map((column) => {
      const button = make("button", { type: "button" }, column.name);
      button.addEventListener("click", () => {
        view.down = view.sort === column ? !view.down : Boolean(column.number);
        view.sort = column;
        view.rows = PAGE_OF_ROWS;
        drawOverview();
      });
      const head = make("th", { scope: "col", class: column.number && column.frame === undefined ? "number" : null });
      if (column.frame !== undefined) head.append(tag(column.frame), " ");
      head.append(button);
      return head;
    }));
  }

  function order() {
    const wanted = byId("find").value.trim().toLowerCase();
    const found = [...data.articles.keys()].filter((number) => {
      const article = data.articles[number];
      return (filter.any || articleMatches(number)) && `${article.title} ${article.source}`.toLowerCase().includes(wanted);
    });
    if (view.sort) {
      const keys = data.articles.map(view.sort.key);
      const direction = view.down ? -1 : 1;
      found.sort((a, b) => direction * (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : 0) || a - b);
    }
    return found;
  }

  function drawOverview() {
    if (!byId("overview")) return;
    view.order = order();
    [...byId("columns").children].forEach((head, place) => {
      if (columns[place] === view.sort) head.setAttribute("aria-sort", view.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    byId("rows").replaceChildren(...view.order.slice(0, view.rows).map(overviewRow));
    byId("more").hidden = view.order.length <= view.rows;
    byId("more").textContent = `Show more (${(view.order.length - view.rows).toLocaleString("en")} left)`;
  }

  function overviewRow(number) {
    const article = data.articles[number];
    const row = make("tr", { class: !data.whole && number === view.open ? "open" : null });
    for (const column of columns) {
      if (column.frame !== undefined) row.append(shareCell(number, column.frame));
      else if (column.name === "Article") row.append(make("th", { scope: "row", dir: "auto" }, make("a", { href: `#article-${number}` }, article.title)));
      else row.append(make("td", { class: column.number ? "number" : null, dir: "auto" }, (column.needs ? article[column.needs] : article.sentences).toLocaleString("en")));
    }
    return row;
  }

  function shareCell(number, frame) {
    const { share: value, open, low, high, balance } = use(number, frame);
    if (value < 0) return make("td", {}, "– ", make("span", { class: "quiet" }, "not judged"));
    const interval = make("span", { class: "quiet interval" }, `(${percent(low)} to ${percent(high)})`);
    const cell = make("td", {}, `${percent(value)} `, interval, " ");
    const more = [balance === null ? "" : signed(balance), open].filter(Boolean).join(", ");
    if (more) cell.append(make("span", { class: "quiet" }, more));
    cell.append(bar(frame, value, low, high, 1));
    return cell;
  }

  // --- Articles

  function drawArticle(number) {
    const article = data.articles[number];
    const parts = unpackText(JSON.parse(byId(`text-${number}`).textContent));
    const sentences = parts.filter(Array.isArray);
    const about = [article.date, article.source, count(article.sentences, "sentence")].filter(Boolean).join(" · ");
    const text = make("div", { class: "text", dir: "auto" });
    let paragraph = make("p", { dir: "auto" });
    for (const part of parts) {
      if (part === null) {
        if (paragraph.hasChildNodes()) text.append(paragraph);
        paragraph = make("p", { dir: "auto" });
      } else if (Array.isArray(part)) paragraph.append(drawSentence(part), " ");
      else paragraph.append(make("span", { class: "skipped", title: `not labelled: ${part.skipped}` }, part.text), " ");
    }
    text.append(paragraph);
    const title = make("h3", { dir: "auto", tabindex: "-1" }, article.title);
    return make("section", { class: "article", id: `article-${number}`, "aria-label": article.title },
      title, make("p", { class: "quiet", dir: "auto" }, about), drawHead(number, sentences), text);
  }

  function drawHead(number, sentences) {
    const head = make("div", { class: "head" });
    data.frames.forEach(({ name }, frame) => {
      const { counts, total, share: value, open, low, high } = use(number, frame);
      if (!total && !open) return;
      const interval = `${percent(value)} (${percent(low)} to ${percent(high)})${open ? `; ${open}` : ""}`;
      head.append(
        make("span", {}, tag(frame), ` ${name}`),
        make("span", {}, bar(frame, value, low, high, 1)),
        make("span", { class: "counts number" }, `${interval}   + ${counts[0]}   o ${counts[1]}   − ${counts[2]}`),
        drawStrip(frame, sentences));
    });
    return head;
  }

  // Where in the article a frame stands: in favor at the top, neutral in the middle, against below.
  function drawStrip(frame, sentences) {
    const properties = { class: "strip", viewBox: `0 0 ${sentences.length} 3`, preserveAspectRatio: "none", role: "img" };
    const label = `where ${data.frames[frame].name} stands in the article`;
    const strip = make("svg", { ...properties, "aria-label": label, "--color": data.frames[frame].color });
    sentences.forEach(([, ...entries], place) => {
      const found = entries.find(([of, state]) => of === frame && state > 0 && state < 5);
      if (!found) return;
      const top = found[1] === 4 ? 1 : found[1] - 1;
      strip.append(make("rect", { x: place, y: top, width: 1, height: 1 }));
    });
    return strip;
  }

  function drawSentence([text, ...entries]) {
    const carried = entries.filter(([, state]) => state);
    const element = make(carried.length ? "mark" : "span", { class: "sentence" });
    element.append(make("span", { class: "words-of" }, ...withWords(text, carried)));
    element.entries = entries;
    return element;
  }

  // Offsets count characters, as Python does, and not JavaScript's halves of them.
  function withWords(text, entries) {
    const words = entries.flatMap(([, , , , listed]) => listed);
    if (!words.length) return [text];
    const characters = Array.from(text);
    const carrying = new Set(words.flatMap(([start, end]) => Array.from({ length: end - start }, (_, place) => start + place)));
    const pieces = [];
    let start = 0;
    for (let place = 1; place <= characters.length; place += 1) {
      if (place < characters.length && carrying.has(place) === carrying.has(place - 1)) continue;
      const piece = characters.slice(start, place).join("");
      pieces.push(carrying.has(start) ? make("span", { class: "word" }, piece) : piece);
      start = place;
    }
    return pieces;
  }

  function namesOf(element, words) {
    const characters = Array.from(element.querySelector(".words-of").textContent);
    return words.map(([start, end]) => characters.slice(start, end).join(""));
  }

  function paint(element) {
    const shown = element.entries.filter(matches);
    element.classList.toggle("match", shown.length > 0);
    element.querySelectorAll(":scope > .tag, :scope > .hidden").forEach((old) => old.remove());
    element.removeAttribute("tabindex");
    if (!shown.length) return;
    const colors = shown.map(([frame]) => data.frames[frame].color);
    const bars = colors.map((color, place) => `linear-gradient(${color}, ${color}) 0 calc(100% - ${4 * place}px) / 100% 3px no-repeat`);
    const stops = colors.map((color, place) => {
      const tint = `color-mix(in srgb, ${color} var(--strength), transparent)`;
      return `${tint} ${(100 * place) / colors.length}% ${(100 * (place + 1)) / colors.length}%`;
    });
    element.style.setProperty("--bars", bars.join(", "));
    element.style.setProperty("--tint", `linear-gradient(to bottom, ${stops.join(", ")})`);
    element.style.setProperty("--room", `${4 * colors.length}px`);
    for (const [frame, state, probability] of shown) {
      element.append(tag(frame, SIGNS[state], probability < 0 ? "" : share(probability)));
    }
    const spoken = shown.map(([frame, state, probability, , words]) => [
      data.frames[frame].name, STATES[state],
      ...(probability < 0 ? [] : [share(probability)]),
      ...(words.length ? [`carried by ${namesOf(element, words).join(", ")}`] : []),
    ].join(", "));
    element.append(make("span", { class: "hidden" }, ` (${spoken.join("; ")})`));
    element.tabIndex = -1;
  }

  // --- What is seen on pointing at a sentence, and on coming to it with the keyboard

  function resetFocus(article) {
    const first = article.querySelector(".match");
    if (first) first.tabIndex = 0;
  }

  function showTip(element) {
    hideTip();
    if (!element.entries.length) return;
    tip.replaceChildren(...element.entries.map(drawEntry(element)));
    if (data.scored && element.entries.length < data.frames.length) tip.append(make("p", { class: "quiet" }, `Other frames: under ${share(100 * data.listed)}.`));
    tip.hidden = false;
    element.classList.add("open");
    element.setAttribute("aria-describedby", "tip");
    placeTip();
  }

  // Paragraphs take their true height only once they are near: what stands above may still move.
  function placeTip() {
    const element = document.querySelector(".sentence.open");
    if (!element) return;
    const [box] = element.getClientRects();
    const all = element.getBoundingClientRect();
    const left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8));
    const below = all.bottom + 8 + tip.offsetHeight < window.innerHeight;
    const top = below || all.top < tip.offsetHeight + 8 ? all.bottom + 8 : all.top - tip.offsetHeight - 8;
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${top + window.scrollY}px`;
  }

  const drawEntry = (element) => ([frame, state, probability, stance, words, explained]) => {
    const entry = make("p", {}, tag(frame), ` ${data.frames[frame].name} `);
    if (probability >= 0) entry.append(make("strong", {}, share(probability)));
    if (!state) {
      entry.append(`, ${STATES[state]}`);
      return entry;
    }
    entry.append(make("br"), `${SIGNS[state]} ${STATES[state]}${stance >= 0 ? ` (${share(stance)}, given the frame)` : ""}`);
    if (probability >= 0) entry.append(bar(frame, probability / 100, 0, 0, 1));
    if (words.length) {
      const named = namesOf(element, words).map((name, place) => `${name} (${share(words[place][2])})`);
      entry.append(`carried by ${named.join(", ")}`);
    } else if (explained) entry.append("no single word carries it");
    return entry;
  };

  function hideTip() {
    tip.hidden = true;
    document.querySelectorAll(".sentence.open").forEach((element) => {
      element.classList.remove("open");
      element.removeAttribute("aria-describedby");
    });
  }

  function step(event) {
    const forward = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") hideTip();
    const here = document.activeElement.closest(".match");
    if (!forward || !here) return;
    const all = [...here.closest(".article").querySelectorAll(".match")];
    const next = all[all.indexOf(here) + forward];
    event.preventDefault();
    if (!next) return;
    here.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  // --- Which articles are in the page

  function openArticle(number) {
    view.open = number;
    byId("articles").replaceChildren(steps(), drawArticle(number));
    applyFilters();
  }

  function steps() {
    const bar = make("nav", { class: "steps", "aria-label": "Other articles" });
    for (const [name, by] of [["Previous article", -1], ["Next article", 1]]) {
      const button = make("button", { type: "button" }, name);
      button.addEventListener("click", () => {
        const next = view.order[view.order.indexOf(view.open) + by];
        if (next !== undefined) location.hash = `article-${next}`;
      });
      bar.append(button);
    }
    return bar;
  }

  function followLink() {
    const found = /^#article-(\d+)$/.exec(location.hash);
    const number = found ? Number(found[1]) : -1;
    if (!data.articles[number]) return;
    if (!data.whole) openArticle(number);
    const title = document.querySelector(`#article-${number} h3`);
    title.focus({ preventScroll: true });
    title.closest(".article").scrollIntoView();
  }

  if (byId("overview")) {
    byId("overview").hidden = false;
    drawColumns();
    drawOverview();
    byId("find").addEventListener("input", () => { view.rows = PAGE_OF_ROWS; drawOverview(); });
    byId("more").addEventListener("click", () => { view.rows += PAGE_OF_ROWS; drawOverview(); });
  }
  form.addEventListener("input", () => { view.rows = PAGE_OF_ROWS; applyFilters(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(applyFilters));
  const articles = byId("articles");
  articles.addEventListener("mouseover", (event) => { const over = event.target.closest(".sentence"); if (over) showTip(over); else hideTip(); });
  articles.addEventListener("mouseleave", hideTip);
  articles.addEventListener("focusin", (event) => { if (event.target.matches(".sentence")) showTip(event.target); });
  articles.addEventListener("focusout", hideTip);
  document.addEventListener("keydown", step);
  window.addEventListener("hashchange", followLink);
  window.addEventListener("scroll", placeTip, { passive: true });
  window.addEventListener("resize", placeTip);
  document.addEventListener("DOMContentLoaded", () => {
    if (data.whole) articles.append(...data.articles.map((_, number) => drawArticle(number)));
    else openArticle(0);
    applyFilters();
    followLink();
  });
})();
