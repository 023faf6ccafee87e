// The server: what it offers, and a face for a recording.
import { sentence, size } from "./words.js";

/** Something to be said on the page: `message` is whole sentences. */
export class Refusal extends Error {
  constructor(message, { retry = false } = {}) {
    super(message);
    this.retry = retry;
  }
}

const AWAY = "The server does not answer. Is it still running, and are you connected to it?";

/** What there is: models, limits, examples. */
export async function about() {
  const answer = await reached(fetch("api/about", { cache: "no-store" }));
  if (!answer.ok) throw new Refusal(AWAY, { retry: true });
  return answer.json();
}

/** An example's recording. */
export async function example(url, signal) {
  const answer = await reached(fetch(url, { signal }));
  if (!answer.ok) throw new Refusal("This example could not be fetched.", { retry: true });
  return answer.blob();
}

/**
 * Faces for a recording.
 * @param {Blob} recording whatever the server can decode
 * @param {{model: string, seed: number, limits: {bytes: number}, signal: AbortSignal}} how
 */
export async function faces(recording, { model, seed, limits, signal }) {
  if (!recording.size) {
    throw new Refusal("This recording is empty. Choose another, or record one here.");
  }
  if (limits && recording.size > limits.bytes) {
    throw new Refusal(
      `This recording is ${size(recording.size)} large; ${size(limits.bytes)} is the most that is ` +
        "taken. Choose a shorter one, or its sound alone.",
    );
  }
  const answer = await ask(recording, { model, more: 9, seed }, "application/json", signal);
  return answer.json();
}

/** The picture alone, with a line under it that says what it is. */
export async function labelled(recording, { model, signal }) {
  const answer = await ask(recording, { model, more: 0, label: 1 }, "image/png", signal);
  return answer.blob();
}

async function ask(recording, query, kind, signal) {
  const asked = fetch(`api/faces?${new URLSearchParams(query)}`, {
    method: "POST",
    body: recording,
    // What a browser takes a file for says little; the server looks inside.
    headers: { Accept: kind, "Content-Type": "application/octet-stream" },
    cache: "no-store",
    signal,
  });
  const answer = await reached(asked);
  if (answer.ok) return answer;
  throw await refusal(answer);
}

async function reached(asked) {
  try {
    return await asked;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(AWAY, { retry: true });
  }
}

async function refusal(answer) {
  let said = {};
  try {
    said = await answer.json();
  } catch {
    // not from our server, but from one in between: its page is of no use here
  }
  const retry = [408, 429, 502, 503, 504].includes(answer.status);
  const wait = Number(answer.headers.get("Retry-After"));
  const parts = [sentence(said.error || `The server could not make a face (${answer.status})`)];
  if (said.wanted && answer.status === 422) parts.push(`Wanted: ${sentence(said.wanted)}`);
  if (said.next) parts.push(sentence(said.next));
  else if (retry) parts.push(wait ? `Try again in ${wait} s.` : "Try again in a moment.");
  return new Refusal(parts.join(" "), { retry });
}
