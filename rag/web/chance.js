// The probability of an answer: a bar, and its words as the service gives them.

import { element, svg } from "./dom.js";

/** The line that says how likely an answer is right. */
export function chance({ probability, likelihood }, { provisional }) {
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
