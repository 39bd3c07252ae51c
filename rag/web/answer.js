// What became of a question: answers, the statement that there is none (silence.js), or what went wrong.

import { chance } from "./chance.js";
import { sourceList } from "./citations.js";
import { element, withCode } from "./dom.js";
import { abstention, emptyArchiveView, silenceAnnouncement } from "./silence.js";
import { counted, sameWords, sentence } from "./text.js";

/** A result as nodes; `linkTo` gives the address of a citation, `unfiltered` that of the question without filters. */
export function resultView(result, { linkTo, unfiltered }) {
  if (result.code === "empty_archive") return [emptyArchiveView()];
  const body = result.abstained ? abstention(result, { linkTo, unfiltered }) : answers(result, linkTo);
  return [askedAs(result), ...body, promised(result.calibration), colophon(result, linkTo)];
}

/** The result in a sentence or two, to be spoken. */
export function announcement(result) {
  if (result.abstained) return silenceAnnouncement(result);
  const [best, ...others] = result.answers;
  const more = others.length ? ` ${counted(others.length, "other answer")} below.` : "";
  return `${best.text}. ${sentence(best.likelihood)} ${counted(best.citations.length, "quote")}.${more}`;
}

/** A problem as nodes: what happened, and what mends it. */
export function problemView(problem) {
  const hint = problem.hint ? element("p", { class: "quiet" }, ...withCode(sentence(problem.hint))) : null;
  return element("div", { class: "problem", role: "alert" }, element("p", {}, ...withCode(sentence(problem.message))), hint);
}

function askedAs({ question, asked_as }) {
  const same = sameWords(question, asked_as);
  return same ? null : element("p", { class: "asked-as quiet", dir: "auto" }, `Looked up as: ${asked_as}`);
}

function promised({ promise }) {
  return promise ? element("p", { class: "promise quiet" }, sentence(promise.words)) : null;
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
  return element("article", { class: `answer ${rank}` }, words, chance({ probability, likelihood }, { provisional }), ...sourceList(citations, linkTo));
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
