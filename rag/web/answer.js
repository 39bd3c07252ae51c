// What became of a question: answers, the statement that there is none, or what went wrong.

import { caption, sourceList } from "./citations.js";
import { element, svg, withCode } from "./dom.js";
import { counted, sentence } from "./text.js";

/** A result as nodes; `linkTo` gives the address of a citation, `unfiltered` that of the question without filters. */
export function resultView(result, { linkTo, unfiltered }) {
  if (result.code === "empty_archive") return [emptyArchiveView()];
  const body = result.abstained ? abstention(result, { linkTo, unfiltered }) : answers(result, linkTo);
  return [askedAs(result), ...body, colophon(result, linkTo)];
}

/** The result in a sentence or two, to be spoken. */
export function announcement(result) {
  if (result.abstained) return `The archive does not say. ${sentence(result.reason)}`;
  const [best, ...others] = result.answers;
  const more = others.length ? ` ${counted(others.length, "other answer")} below.` : "";
  return `${best.text}. ${sentence(best.likelihood)} ${counted(best.citations.length, "quote")}.${more}`;
}

/** A problem as nodes: what happened, and what mends it. */
export function problemView(problem) {
  const hint = problem.hint ? element("p", { class: "quiet" }, ...withCode(sentence(problem.hint))) : null;
  return element("div", { class: "problem", role: "alert" }, element("p", {}, ...withCode(sentence(problem.message))), hint);
}

/** What to do about an archive with nothing in it. */
export function emptyArchiveView() {
  return element(
    "section",
    { class: "problem" },
    element("h2", {}, "The archive is empty"),
    element("p", {}, "Put articles in: text, Markdown, HTML or JSON lines, files or whole folders."),
    element("pre", {}, element("code", {}, "rag ingest PATH…")),
    element("p", { class: "quiet" }, "Then ask again; there is no need to restart."),
  );
}

function askedAs({ question, asked_as }) {
  const same = question.trim().split(/\s+/).join(" ") === asked_as;
  return same ? null : element("p", { class: "quiet", dir: "auto" }, `Looked up as: ${asked_as}`);
}

function answers({ answers: [best, ...others], calibration }, linkTo) {
  const { provisional } = calibration;
  const heading = element("h2", { class: "label", id: "others" }, others.length === 1 ? "Another answer" : "Other answers");
  return [
    answer(best, { linkTo, provisional, rank: "best" }),
    others.length
      ? element(
          "section",
          { class: "others", "aria-labelledby": "others" },
          heading,
          ...others.map((other) => answer(other, { linkTo, provisional: false, rank: "other" })),
        )
      : null,
  ];
}

function answer({ text, probability, likelihood, citations }, { linkTo, provisional, rank }) {
  const size = text.length <= 48 ? "short" : text.length <= 140 ? "medium" : "long";
  const words = element(rank === "best" ? "h2" : "h3", { class: `words ${size}`, dir: "auto" }, text);
  return element("article", { class: `answer ${rank}` }, words, chance({ probability, likelihood }, provisional), ...sourceList(citations, linkTo));
}

function chance({ probability, likelihood }, provisional) {
  const words = provisional ? `${likelihood} (provisional estimate)` : likelihood;
  const number = `probability ${probability.toFixed(2)}${provisional ? ", not yet calibrated" : ""}`;
  return element("p", { class: "chance", title: number }, bar(probability, number), words);
}

function bar(probability, label) {
  const attributes = { class: "bar-chart", viewBox: "0 0 100 4", preserveAspectRatio: "none", role: "img", "aria-label": label };
  const track = svg("rect", { class: "track", width: 100, height: 4 });
  const fill = svg("rect", { class: "fill", width: 100 * probability, height: 4 });
  return svg("svg", attributes, track, fill);
}

function abstention({ reason, nearest }, { linkTo, unfiltered }) {
  const widen = unfiltered ? element("p", {}, element("a", { href: unfiltered, "data-ask": true }, "Ask without the filters")) : null;
  const passages = nearest.map((citation) =>
    element("li", {}, element("p", { class: "passage", dir: "auto" }, citation.quote), caption(citation, linkTo(citation))),
  );
  return [
    element(
      "section",
      { class: "abstention" },
      element("h2", {}, "The archive does not say."),
      element("p", {}, sentence(reason)),
      widen,
    ),
    passages.length
      ? element(
          "section",
          { class: "nearest", "aria-labelledby": "nearest" },
          element("h2", { class: "label", id: "nearest" }, "Nearest passages, not answers"),
          element("ul", {}, ...passages),
        )
      : null,
  ];
}

function colophon({ abstained, passages, timings, fingerprint, calibration }, linkTo) {
  const took = `${Math.max(1, Math.round(timings.total_ms))} ms`;
  const from = counted(passages.length, "passage");
  const read = passages.map((passage) =>
    element("li", {}, element("a", { href: linkTo(passage), "data-place": true, dir: "auto" }, passage.title || passage.article_id)),
  );
  const stages = Object.entries(timings)
    .filter(([stage]) => stage !== "total_ms")
    .map(([stage, ms]) => `${stage.replace("_ms", "")} ${ms.toFixed(0)} ms`);
  const detail = [...stages, `probabilities: ${calibration.provisional ? "provisional, " : ""}${calibration.name}`, `fingerprint ${fingerprint}`].join(" · ");
  return element(
    "details",
    { class: "timings quiet" },
    element("summary", {}, abstained ? `Looked through ${from} in ${took}` : `Answered in ${took} from ${from}`),
    element("p", {}, detail),
    element("ol", {}, ...read),
  );
}
