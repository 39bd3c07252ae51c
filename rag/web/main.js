// The page: its address is its state. Every change goes through `visit`, every address is shown by `show`.

import * as api from "./api.js";
import { announcement, problemView, resultView } from "./answer.js";
import { ArticlePane } from "./article.js";
import { element } from "./dom.js";
import { Filters } from "./filters.js";
import { address, parse, placeOf, where } from "./route.js";
import { EMPTY_ARCHIVE, emptyArchiveView } from "./silence.js";
import { counted } from "./text.js";

const PATIENCE_MS = 150;

const find = (id) => document.getElementById(id);
const [form, question, output, status, progress] = ["ask", "question", "result", "status", "progress"].map(find);

const filters = new Filters(find("filters"), { changed: () => parse(location).question && visit(asked(), { replace: true }) });
const pane = new ArticlePane(find("article"), {
  moved: (place) => visit({ ...parse(location), place }, { replace: true }),
  closed: () => visit({ ...parse(location), place: null }),
  say,
});

let answering = new AbortController();
let fetching = new AbortController();
let shownQuestion = null; // the address of the question whose result is shown or awaited
let result = null;
const awaited = new Set();
let opener = null; // what was clicked to open the article

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!question.value.trim()) return;
  shownQuestion = null;
  visit(asked());
  if (matchMedia("(pointer: coarse)").matches) question.blur();
});
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && pane.isOpen) visit({ ...parse(location), place: null });
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-place], a[data-ask]");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if ("place" in link.dataset) opener = link;
  visit(parse(link));
});
window.addEventListener("popstate", show);

/** What the form asks. */
function asked() {
  return { question: question.value.trim(), filters: filters.values, place: null };
}

function visit(state, { replace = false } = {}) {
  const target = address(state);
  const same = target === address(parse(location));
  history[replace || same ? "replaceState" : "pushState"](null, "", target);
  show();
}

function show() {
  const state = parse(location);
  document.body.classList.toggle("blank", !state.question);
  document.title = state.question ? `${state.question} – Quoth` : "Quoth";
  find("examples").hidden = Boolean(state.question) || !find("examples").querySelector("li");
  const wanted = address({ ...state, place: null });
  if (wanted !== shownQuestion) {
    shownQuestion = wanted;
    question.value = state.question;
    filters.show(state.filters);
    answer(state);
  }
  openPlace(state.place);
}

async function answer({ question: words, filters: set }) {
  answering.abort();
  answering = new AbortController();
  const { signal } = answering;
  result = null;
  if (!words) {
    output.replaceChildren();
    return;
  }
  try {
    const found = await patiently(api.ask(words, { where: where(set), signal }));
    if (signal.aborted) return;
    result = found;
    const isFiltered = Object.values(set).some(Boolean);
    const unfiltered = isFiltered ? address({ question: words, filters: {}, place: null }) : null;
    const linkTo = (citation) => address({ question: words, filters: set, place: placeOf(citation) });
    output.replaceChildren(...resultView(found, { linkTo, unfiltered }).filter(Boolean));
    say(announcement(found));
    if (pane.article) openPlace(parse(location).place); // its other quotes are known only now
  } catch (error) {
    if (signal.aborted) return;
    showProblem(error);
  }
}

function showProblem(problem) {
  if (problem.code === "index.missing") showEmptyArchive();
  else output.replaceChildren(problemView(problem));
}

function showEmptyArchive() {
  output.replaceChildren(emptyArchiveView());
  say(EMPTY_ARCHIVE);
}

async function openPlace(place) {
  fetching.abort();
  fetching = new AbortController();
  const { signal } = fetching;
  if (!place) {
    close();
    return;
  }
  const id = place.articleId;
  try {
    const kept = pane.isOpen && pane.article?.id === id ? pane.article : null;
    const article = kept ?? (await patiently(api.article(id, { signal })));
    if (signal.aborted) return;
    pane.open(article, place, citedPlaces(id));
    pointAtOpenPlace();
  } catch (error) {
    if (!signal.aborted) pane.fail(error);
  }
}

function close() {
  if (!pane.isOpen) return;
  pane.close();
  pointAtOpenPlace();
  (opener?.isConnected ? opener : question).focus();
}

/** Tells which of the quotes is the one that is open. */
function pointAtOpenPlace() {
  for (const link of output.querySelectorAll("a[data-place]")) {
    if (pane.isOpen && link.href === location.href) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** The places of an article that the result cites, each once. */
function citedPlaces(articleId) {
  if (!result) return [];
  const quotes = [...result.answers, ...result.candidates].flatMap(({ citations }) => citations);
  const places = [...quotes, ...result.nearest].filter((citation) => citation.article_id === articleId).map(placeOf);
  return [...new Map(places.map((place) => [`${place.part} ${place.start}-${place.end}`, place])).values()];
}

/** The outcome of the promise; the page says that it waits only if that takes a moment. */
async function patiently(promise) {
  const timer = setTimeout(() => {
    awaited.add(promise);
    showWaiting();
  }, PATIENCE_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    awaited.delete(promise);
    showWaiting();
  }
}

function showWaiting() {
  progress.hidden = awaited.size === 0;
  output.setAttribute("aria-busy", String(awaited.size > 0));
}

function say(words) {
  status.textContent = words;
}

async function furnish() {
  try {
    const { facts, sources, tags } = await api.index();
    filters.offer({ sources, tags });
    find("holdings").textContent = facts.articles ? counted(facts.articles, "article") : "";
    if (!facts.articles) showEmptyArchive();
    else await offerExamples();
  } catch (error) {
    if (!result) showProblem(error);
  }
}

async function offerExamples() {
  const state = { filters: {}, place: null };
  const items = (await api.examples()).map((example) =>
    element("li", {}, element("a", { href: address({ ...state, question: example }), "data-ask": true }, example)),
  );
  find("examples").querySelector("ul").replaceChildren(...items);
  find("examples").hidden = Boolean(parse(location).question);
}

show();
furnish();
if (!parse(location).question && !parse(location).place) question.focus({ preventScroll: true });
