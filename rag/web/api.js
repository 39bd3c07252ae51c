// The service. What it refuses, and what never reaches it, is thrown as a Problem.

/** What went wrong, as sentences for the reader; `code` is stable. */
export class Problem extends Error {
  constructor({ code, detail, hint = "" }) {
    super(detail);
    this.code = code;
    this.hint = hint;
  }
}

/** The result of a question, with the passages that were read. */
export function ask(question, { where, signal }) {
  const body = JSON.stringify({ question, where, include: ["passages"] });
  return request("v1/ask", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
}

/** An article with its text. */
export function article(id, { signal }) {
  return request(`v1/articles/${encodeURIComponent(id)}`, { signal });
}

/** What is in the archive and what it can be filtered by. */
export function index() {
  return request("v1/index", {});
}

/** The example questions. */
export function examples() {
  return request("examples.json", {});
}

async function request(path, options) {
  let response;
  let body = null;
  try {
    response = await fetch(path, options);
    body = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (!response) {
      throw new Problem({ code: "unreachable", detail: "the service does not answer", hint: "is `rag serve` running?" });
    }
  }
  if (response.ok && body !== null) return body;
  throw new Problem({
    code: body?.code ?? `http.${response.status}`,
    detail: body?.detail || body?.title || `the service answered with status ${response.status}`,
    hint: body?.hint,
  });
}
