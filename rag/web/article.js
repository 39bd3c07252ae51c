// The article beside the answer: its whole text, the quote marked and in the middle, its other quotes marked lighter.

import { copy } from "./clipboard.js";
import { element, withCode } from "./dom.js";
import { samePlace } from "./route.js";
import { day, markedParagraphs, origin, sentence, webAddress } from "./text.js";

const COPIED_MS = 1_600;
const LONGEST_QUOTE = 240; // beyond this many characters a place is marked as a passage, in a quieter tone

export class ArticlePane {
  /** `moved` is called with the place of another quote, `closed` when the reader is done, `say` with what to speak. */
  constructor(root, { moved, closed, say }) {
    this.article = null;
    this.root = root;
    this.title = root.querySelector("h2");
    this.shows = Object.fromEntries([...root.querySelectorAll("[data-show]")].map((node) => [node.dataset.show, node]));
    this.buttons = Object.fromEntries([...root.querySelectorAll("[data-do]")].map((node) => [node.dataset.do, node]));
    this.say = say;
    this.buttons.previous.addEventListener("click", () => moved(this.places[this.at - 1]));
    this.buttons.next.addEventListener("click", () => moved(this.places[this.at + 1]));
    this.buttons["copy-quote"].addEventListener("click", ({ currentTarget }) => this.#copy(currentTarget, this.#quotation()));
    this.buttons["copy-link"].addEventListener("click", ({ currentTarget }) => this.#copy(currentTarget, location.href));
    this.buttons.close.addEventListener("click", closed);
  }

  /** Whether an article is open. */
  get isOpen() {
    return !this.root.hidden;
  }

  /** Shows an article at a place, among the places of the same article that are cited. */
  open(article, place, places) {
    const same = this.isOpen && this.article?.id === article.id && this.article.sha256 === article.sha256;
    this.article = article;
    this.#locate(place, places);
    if (!same) this.#describe();
    this.#warn();
    this.#mark();
    this.#reveal();
    this.#scroll(same ? "smooth" : "instant");
    if (!same) this.title.focus({ preventScroll: true });
  }

  /** Shows why there is no article. */
  fail(problem) {
    this.article = null;
    this.#locate({ start: null, end: null }, []);
    this.title.textContent = "This article cannot be shown";
    this.shows.byline.textContent = "";
    this.shows.text.replaceChildren();
    this.shows.original.hidden = true;
    this.buttons["copy-link"].hidden = true;
    this.#note(problem.message, problem.hint);
    this.#reveal();
    this.title.focus();
  }

  close() {
    this.article = null;
    this.root.hidden = true;
    document.body.classList.remove("reading");
  }

  #reveal() {
    this.root.hidden = false;
    document.body.classList.add("reading");
  }

  #locate(place, places) {
    const marked = place.start !== null;
    const known = places.some((other) => samePlace(other, place));
    this.place = place;
    this.places = (known || !marked ? [...places] : [place, ...places]).sort(inReadingOrder);
    this.at = this.places.findIndex((other) => samePlace(other, place));
    this.shows.position.textContent = this.at >= 0 && this.places.length > 1 ? `${this.at + 1} of ${this.places.length}` : "";
    this.buttons.previous.parentElement.hidden = this.places.length < 2;
    this.buttons.previous.disabled = this.at <= 0;
    this.buttons.next.disabled = this.at + 1 >= this.places.length;
    this.buttons["copy-quote"].hidden = !marked;
  }

  #describe() {
    const { url, language } = this.article;
    this.shows.byline.textContent = origin(this.article);
    this.buttons["copy-link"].hidden = false;
    const original = webAddress(url);
    this.shows.original.hidden = original === null;
    if (original) this.shows.original.href = original;
    else this.shows.original.removeAttribute("href");
    this.shows.text.lang = /^[a-z]{2,3}(-[a-z0-9]+)*$/i.test(language ?? "") ? language : "";
  }

  #warn() {
    const { sha256 } = this.place;
    if (sha256 && !this.article.sha256.startsWith(sha256)) {
      this.#note("this article has changed since it was quoted", "the words marked here may not be the ones that were meant");
    } else {
      this.shows.notice.hidden = true;
    }
  }

  #note(message, hint) {
    this.shows.notice.replaceChildren(...withCode([message, hint].filter(Boolean).map(sentence).join(" ")));
    this.shows.notice.hidden = false;
  }

  #mark() {
    const { id, title, text } = this.article;
    const { start, end } = this.place;
    this.title.replaceChildren(...(title ? this.#paragraphs("title", title).flat() : [id]));
    this.shows.text.classList.toggle("passage", start !== null && end - start > LONGEST_QUOTE);
    this.shows.text.replaceChildren(...this.#paragraphs("text", text).map((nodes) => element("p", { dir: "auto" }, ...nodes)));
  }

  /** The nodes of each paragraph of a part of the article, with the places in that part marked. */
  #paragraphs(part, words) {
    const current = this.place.start !== null && this.place.part === part ? this.place : null;
    const places = this.places.filter((place) => place.part === part);
    return markedParagraphs(words, current, places).map((pieces) =>
      pieces.map(({ text, kind }) => (kind ? element("mark", { class: kind }, text) : text)),
    );
  }

  #quoted() {
    return [...this.root.querySelectorAll("mark.current")].map((mark) => mark.textContent).join("");
  }

  #quotation() {
    const { title, author, source, published_at, url } = this.article;
    const { part, start, end } = this.place;
    const characters = `characters ${start}–${end}${part === "title" ? " of the title" : ""}`;
    const cited = [author, title && `“${title}”`, source, day(published_at), characters].filter(Boolean);
    return `“${this.#quoted()}”\n${cited.join(", ")}\n${webAddress(url) ?? location.href}`;
  }

  async #copy(button, text) {
    const label = [...button.childNodes];
    const outcome = (await copy(text)) ? "Copied" : "Not allowed";
    this.say(outcome);
    button.textContent = outcome;
    button.disabled = true;
    setTimeout(() => {
      button.replaceChildren(...label);
      button.disabled = false;
    }, COPIED_MS);
  }

  #scroll(behavior) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const target = this.root.querySelector("mark.current");
    if (target) target.scrollIntoView({ block: "center", behavior: calm ? "instant" : behavior });
    else {
      this.root.scrollTop = 0;
      this.root.scrollIntoView({ block: "start" });
    }
  }
}

function inReadingOrder(a, b) {
  return (b.part === "title") - (a.part === "title") || a.start - b.start || a.end - b.end;
}
