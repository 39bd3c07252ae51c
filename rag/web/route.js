// The address of the page is its state: ?q=…&from=…&to=…&source=…&tag=…#/article/<id>?part=title&start=…&end=…&sha256=…

const FILTERS = ["from", "to", "source", "tag"];
const DIGEST_LENGTH = 12;

/** {question, filters, place} of an address; place is null if no article is open. */
export function parse({ search, hash }) {
  const query = new URLSearchParams(search);
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  for (const name of ["from", "to"]) if (!isDay(filters[name])) filters[name] = "";
  return { question: (query.get("q") ?? "").trim(), filters, place: parsePlace(hash) };
}

/** The address of a state, relative to the page. */
export function address({ question, filters, place }) {
  const query = new URLSearchParams();
  if (question) query.set("q", question);
  for (const name of FILTERS) if (filters[name]) query.set(name, filters[name]);
  return `?${query}${place ? placeHash(place) : ""}`;
}

/** The place that a citation or a passage names; `part` says what its offsets count, the text or the title. */
export function placeOf({ article_id, part = "text", start, end, sha256 }) {
  return { articleId: article_id, part, start, end, sha256: sha256.slice(0, DIGEST_LENGTH) };
}

/** Whether two places are the same words of the same article. */
export function samePlace(one, other) {
  return ["articleId", "part", "start", "end"].every((name) => one?.[name] === other?.[name]);
}

/** The filters as /v1/ask takes them; the last day is included. */
export function where({ from, to, source, tag }) {
  const condition = {};
  if (from) condition.published_after = from;
  if (to) condition.published_before = new Date(Date.parse(to) + 86_400_000).toISOString();
  if (source) condition.source = source;
  if (tag) condition.tags = tag;
  return condition;
}

function placeHash({ articleId, part, start, end, sha256 }) {
  const query = new URLSearchParams();
  if (part === "title") query.set("part", part);
  if (start !== null) query.set("start", start);
  if (end !== null) query.set("end", end);
  if (sha256) query.set("sha256", sha256);
  return `#/article/${encodeURIComponent(articleId)}?${query}`;
}

function parsePlace(hash) {
  const found = /^#\/article\/([^?]+)(?:\?(.*))?$/s.exec(hash);
  if (!found) return null;
  try {
    const query = new URLSearchParams(found[2] ?? "");
    const [start, end] = ["start", "end"].map((name) => (/^\d{1,12}$/.test(query.get(name)) ? +query.get(name) : null));
    const marked = start !== null && end !== null && start < end;
    const place = marked ? { start, end } : { start: null, end: null };
    const part = query.get("part") === "title" ? "title" : "text";
    return { articleId: decodeURIComponent(found[1]), part, ...place, sha256: query.get("sha256") ?? "" };
  } catch {
    return null; // a percent sign that encodes nothing
  }
}

function isDay(text) {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && text < "9999-12-31" && !Number.isNaN(Date.parse(text));
}
