// Quotes in their sentence, gathered under the article they come from.

import { element } from "./dom.js";
import { origin } from "./text.js";

const SHOWN_ARTICLES = 3;

/** The citations grouped by article, articles in the order of their best citation; those past the third are folded. */
export function sourceList(citations, linkTo) {
  const articles = new Map();
  for (const citation of citations) {
    const group = articles.get(citation.article_id);
    if (group) group.push(citation);
    else articles.set(citation.article_id, [citation]);
  }
  const groups = [...articles.values()].map((group) => source(group, linkTo));
  const rest = groups.splice(SHOWN_ARTICLES);
  const more = rest.length
    ? element(
        "details",
        { class: "more" },
        element("summary", {}, `${rest.length} more ${rest.length === 1 ? "article says" : "articles say"} the same`),
        element("ul", { class: "sources" }, ...rest),
      )
    : null;
  return [element("ul", { class: "sources" }, ...groups), more];
}

/** The line that names an article: its title, linked to the place, and where it comes from. */
export function caption(citation, href) {
  return element(
    "p",
    { class: "caption" },
    element("a", { href, "data-place": true, dir: "auto" }, citation.title || citation.article_id),
    element("span", { class: "quiet", dir: "auto" }, origin({ ...citation, author: null })),
  );
}

function source(group, linkTo) {
  const quotes = group.map((citation) =>
    element(
      "blockquote",
      { dir: "auto" },
      element(
        "a",
        { href: linkTo(citation), "data-place": true },
        citation.before,
        element("mark", {}, citation.quote),
        citation.after,
      ),
    ),
  );
  return element("li", {}, ...quotes, caption(group[0], linkTo(group[0])));
}
