// Pure functions over text: offsets, marks, words for numbers and dates.

const HIGH_SURROGATE = /[\ud800-\udbff]/;

/**
 * The positions in a JavaScript string (UTF-16 units) of offsets counted in code points, in the order given.
 * One pass over the text; an offset beyond the end gives the end.
 */
export function utf16Offsets(text, offsets) {
  if (!HIGH_SURROGATE.test(text)) return offsets.map((offset) => Math.min(offset, text.length));
  const positions = new Map();
  let points = 0;
  let units = 0;
  for (const offset of [...new Set(offsets)].sort((a, b) => a - b)) {
    while (points < offset && units < text.length) {
      units += text.codePointAt(units) > 0xffff ? 2 : 1;
      points += 1;
    }
    positions.set(offset, units);
  }
  return offsets.map((offset) => positions.get(offset));
}

/**
 * The text in paragraphs of pieces {text, kind}; kind is "current", "other" or null. Joined, they are the text.
 * Spans are {start, end} in code points; the current one wins where they overlap. Blank lines stay at the end of
 * the paragraph before them.
 */
export function markedParagraphs(text, current, others) {
  const spans = current ? [current, ...others] : others;
  const units = utf16Offsets(text, spans.flatMap(({ start, end }) => [start, end]));
  const ends = paragraphEnds(text);
  const cuts = [...new Set([0, ...ends, ...units])].sort((a, b) => a - b);
  const isCurrent = current ? (at) => units[0] <= at && at < units[1] : () => false;
  const marked = merged(units, spans.length);
  const paragraphs = [[]];
  let span = 0;
  let paragraph = 0;
  for (let index = 0; index + 1 < cuts.length; index += 1) {
    const [from, to] = [cuts[index], cuts[index + 1]];
    while (span < marked.length && marked[span][1] <= from) span += 1;
    const inside = span < marked.length && marked[span][0] <= from;
    const kind = isCurrent(from) ? "current" : inside ? "other" : null;
    const pieces = paragraphs[paragraphs.length - 1];
    const before = pieces[pieces.length - 1];
    if (before && before.kind === kind) before.text += text.slice(from, to);
    else pieces.push({ text: text.slice(from, to), kind });
    if (to === ends[paragraph] && to < text.length) {
      paragraphs.push([]);
      paragraph += 1;
    }
  }
  return paragraphs;
}

function paragraphEnds(text) {
  const ends = Array.from(text.matchAll(/\n[^\S\n]*\n\s*/g), (match) => match.index + match[0].length);
  return ends[ends.length - 1] === text.length ? ends : [...ends, text.length];
}

function merged(units, count) {
  const spans = Array.from({ length: count }, (_, index) => units.slice(2 * index, 2 * index + 2));
  const joined = [];
  for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
    const last = joined[joined.length - 1];
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}

/** The text as a sentence: a capital letter first, a full stop last. */
export function sentence(text) {
  const trimmed = text.trim();
  if (!trimmed) return "";
  const capital = String.fromCodePoint(trimmed.codePointAt(0));
  const whole = capital.toLocaleUpperCase("en") + trimmed.slice(capital.length);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

/** Whether two questions differ in nothing but blanks, capitals and the mark at the end. */
export function sameWords(one, other) {
  const [bare, otherBare] = [one, other].map((text) => text.trim().replace(/\s+/g, " ").replace(/[ .!?,;:]+$/, "").toLowerCase());
  return bare === otherBare;
}

/** A count with its noun: "1 article", "1,204 articles". */
export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** The day of a moment, in UTC as the archive keeps it; null if there is none. */
export function day(moment) {
  const date = new Date(moment ?? NaN);
  return Number.isNaN(date.getTime()) ? null : DAY.format(date);
}

/** Source, author and day of an article, those that are known. */
export function origin({ author, source, published_at }) {
  return [source, author, day(published_at)].filter(Boolean).join(" · ");
}

/** The address if a browser may safely be sent there, else null. */
export function webAddress(address) {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}
