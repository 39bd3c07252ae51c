// When there is no answer: why, what might be one, what came nearest, and what to do about an empty archive.

import { chance } from "./chance.js";
import { caption, sourceList } from "./citations.js";
import { element } from "./dom.js";
import { counted, sentence } from "./text.js";

const EXAMPLE = { id: "tide", title: "Tide tables", text: "High tide in Tern Bay is at 06:12." };

/** What is spoken where the archive is empty. */
export const EMPTY_ARCHIVE = "The archive is empty. The page says how to put articles in.";

/** What is spoken where there is no answer. */
export function silenceAnnouncement({ code, reason, candidates }) {
  if (code === "empty_archive") return EMPTY_ARCHIVE;
  const perhaps = candidates.length ? ` ${counted(candidates.length, "possible answer")} below, folded away.` : "";
  return `The archive does not say. ${sentence(reason)}${perhaps}`;
}

/** How to put articles in, on the command line and over HTTP. */
export function emptyArchiveView() {
  const post = `curl -s ${new URL("v1/articles", document.baseURI)} \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify({ articles: [EXAMPLE] })}'`;
  return element(
    "section",
    { class: "problem" },
    element("h2", {}, "The archive is empty"),
    element("p", {}, "Put articles in: text, Markdown, HTML or JSON lines, files or whole folders."),
    command("rag ingest PATH…"),
    element("p", {}, "Or over HTTP:"),
    command(post),
    element("p", { class: "quiet" }, "Then ask again; there is no need to restart."),
  );
}

/** Why there is no answer, the candidates folded away, and the nearest passages. */
export function abstention({ reason, candidates, nearest, calibration }, { linkTo, unfiltered }) {
  const widen = unfiltered ? element("p", {}, element("a", { href: unfiltered, "data-ask": true }, "Ask without the filters")) : null;
  return [
    element(
      "section",
      { class: "abstention" },
      element("h2", {}, "The archive does not say."),
      element("p", {}, sentence(reason)),
      widen,
      candidates.length ? perhaps(candidates, { linkTo, provisional: calibration.provisional }) : null,
    ),
    nearest.length ? nearestPassages(nearest, linkTo) : null,
  ];
}

function perhaps(candidates, { linkTo, provisional }) {
  const count = candidates.length === 1 ? "an answer" : counted(candidates.length, "answer");
  return element(
    "details",
    { class: "candidates" },
    element("summary", {}, `Perhaps: ${count} too improbable to give`),
    ...candidates.map((candidate, index) => possible(candidate, { linkTo, provisional: provisional && index === 0 })),
  );
}

function possible({ text, citations, ...likely }, { linkTo, provisional }) {
  const words = element("span", { class: "words", dir: "auto" }, text);
  return element(
    "article",
    { class: "candidate" },
    element("h3", {}, element("span", { class: "label" }, "Perhaps "), words),
    chance(likely, { provisional }),
    ...sourceList(citations, linkTo),
  );
}

function nearestPassages(nearest, linkTo) {
  const passages = nearest.map((citation) =>
    element("li", {}, element("p", { class: "passage", dir: "auto" }, citation.quote), caption(citation, linkTo(citation))),
  );
  return element(
    "section",
    { class: "nearest", "aria-labelledby": "nearest" },
    element("h2", { class: "label", id: "nearest" }, "Nearest passages, not answers"),
    element("ul", {}, ...passages),
  );
}

function command(line) {
  return element("pre", {}, element("code", {}, line));
}
