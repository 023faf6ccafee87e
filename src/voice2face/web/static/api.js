// The server: what it offers, and a face for a recording.
import { sentence } from "./words.js";

/** Something to be said on the page: `message` is whole sentences. */
export class Refusal extends Error {
  constructor(message, { retry = false } = {}) {
    super(message);
    this.retry = retry;
  }
}

const AWAY = "The server does not answer. Is it still running, and are you connected to it?";
const LOCKED = "The server asks for the password again. Reload the page to enter it.";

/** What there is: models, limits, examples. */
export async function about() {
  const answer = await reached(fetch("api/about", { cache: "no-store" }));
  if (!answer.ok) throw new Refusal(answer.status === 401 ? LOCKED : AWAY, { retry: true });
  return answer.json();
}

/** An example's recording. */
export async function example(url, signal) {
  const answer = await reached(fetch(url, { signal }));
  if (!answer.ok) throw new Refusal("This example could not be fetched.", { retry: true });
  return answer.blob();
}

async function reached(asked) {
  try {
    return await asked;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(AWAY, { retry: true });
  }
}

/**
 * Faces for a recording.
 * @param {Blob} recording whatever the server can decode
 * @param {{model: string, seed: number, signal: AbortSignal, onSent: (share: number) => void}} how
 *   `onSent` is told how much of it was sent, 1 at the end
 */
export function faces(recording, { model, seed, signal, onSent = () => {} }) {
  if (!recording.size) {
    throw new Refusal("This recording is empty. Choose another, or record one here.");
  }
  const query = new URLSearchParams({ model, more: 9, seed });
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const asked = new XMLHttpRequest(); // fetch() does not say how much was sent
    asked.open("POST", `api/faces?${query}`);
    asked.setRequestHeader("Accept", "application/json");
    // What a browser takes a file for says little; the server looks inside.
    asked.setRequestHeader("Content-Type", "application/octet-stream");
    asked.upload.addEventListener("progress", ({ loaded, total }) => onSent(loaded / (total || 1)));
    asked.upload.addEventListener("load", () => onSent(1));
    asked.addEventListener("error", () => reject(new Refusal(AWAY, { retry: true })));
    asked.addEventListener("abort", () => reject(signal.reason));
    asked.addEventListener("load", () => {
      const said = parsed(asked.responseText);
      if (asked.status === 200 && said) resolve(said);
      else reject(refusal(asked.status, said ?? {}, asked.getResponseHeader("Retry-After")));
    });
    signal.addEventListener("abort", () => asked.abort());
    asked.send(recording);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not from our server, but from one in between: its page is of no use here
  }
}

function refusal(status, said, retryAfter) {
  if (status === 401) return new Refusal(LOCKED);
  const retry = [408, 429, 502, 503, 504].includes(status);
  const wait = Number(retryAfter);
  const parts = [sentence(said.error || `The server could not make a face (${status})`)];
  if (said.wanted && status === 422) parts.push(`Wanted: ${sentence(said.wanted)}`);
  if (said.next) parts.push(sentence(said.next));
  else if (retry) parts.push(wait ? `Try again in ${wait} s.` : "Try again in a moment.");
  return new Refusal(parts.join(" "), { retry });
}
