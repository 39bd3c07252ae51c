// The filters of a question: their fields, the choices they offer, and what is set.

import { element } from "./dom.js";
import { counted } from "./text.js";

const NAMES = ["from", "to", "source", "tag"];

export class Filters {
  /** `root` is the disclosure that holds the fields; `changed` is called when the reader changes one. */
  constructor(root, { changed }) {
    this.root = root;
    this.fields = Object.fromEntries(NAMES.map((name) => [name, root.querySelector(`[name=${name}]`)]));
    this.summary = root.querySelector("#filters-set");
    root.addEventListener("change", () => {
      this.#summarise();
      changed();
    });
    root.querySelector("#clear-filters").addEventListener("click", () => {
      this.show(Object.fromEntries(NAMES.map((name) => [name, ""])));
      changed();
    });
  }

  /** What is set; "" is anything. */
  get values() {
    return Object.fromEntries(NAMES.map((name) => [name, this.fields[name].value]));
  }

  /** Sets the fields; a value that is not among the choices becomes one. */
  show(values) {
    for (const name of NAMES) {
      const field = this.fields[name];
      field.value = values[name];
      if (field.value !== values[name]) {
        field.append(element("option", { value: values[name] }, values[name]));
        field.value = values[name];
      }
    }
    this.#summarise();
  }

  /** Offers the sources and tags of the archive. */
  offer({ sources, tags }) {
    const { values } = this;
    for (const [name, choices] of [["source", sources], ["tag", tags]]) {
      const field = this.fields[name];
      field.replaceChildren(
        field.options[0],
        ...choices.map(({ value, articles }) => element("option", { value, title: counted(articles, "article") }, value)),
      );
    }
    this.show(values);
  }

  #summarise() {
    const { from, to, source, tag } = this.values;
    const set = [from && `from ${from}`, to && `to ${to}`, source, tag].filter(Boolean);
    this.summary.textContent = set.length ? `: ${set.join(", ")}` : "";
    this.root.classList.toggle("set", set.length > 0);
  }
}
