// What is being sent, or failed: beside the face that is shown, and never on it.

const $ = (id) => document.getElementById(id);
const SLOW_MS = 1500;
const LISTENING = "Listening…";
const SLOW = "Sent. The server is at it, or at what came before.";

export class Job {
  #slow = 0;

  /** @param {{onCancel: () => void, onAgain: () => void, onDismiss: () => void}} actions */
  constructor({ onCancel, onAgain, onDismiss }) {
    $("cancel").addEventListener("click", onCancel);
    $("again").addEventListener("click", onAgain);
    $("dismiss").addEventListener("click", onDismiss);
  }

  begin(name, words = LISTENING) {
    this.#clear();
    $("job").hidden = false;
    $("job-name").textContent = name;
    $("cancel").hidden = $("progress").hidden = false;
    $("progress").removeAttribute("value");
    this.#say(words);
  }

  /** How much was sent, 1 at the end. */
  sent(share) {
    if (share < 1) {
      $("progress").value = share;
      $("progress").setAttribute("aria-valuetext", `${Math.round(100 * share)} % sent`);
      this.#say("Sending…");
      return;
    }
    $("progress").removeAttribute("value");
    $("progress").removeAttribute("aria-valuetext");
    this.#say(LISTENING);
    clearTimeout(this.#slow);
    this.#slow = setTimeout(() => this.#say(SLOW), SLOW_MS);
  }

  /** It is over; `words` are for screen readers, who see no face appear. */
  end(words = "") {
    this.#clear();
    $("job").hidden = !words;
    $("job").classList.toggle("visually-hidden", Boolean(words));
    this.#say(words);
  }

  /** @param {{retry: boolean, live?: File}} what `live`: a recording that is nowhere else */
  fail(name, text, { retry, live }) {
    this.#clear();
    $("job").hidden = false;
    $("job-name").textContent = name;
    const p = document.createElement("p");
    p.textContent = text;
    $("error").replaceChildren(p);
    $("again").hidden = !retry;
    $("dismiss").hidden = false;
    $("save").hidden = !live;
    if (live) {
      $("save").href = URL.createObjectURL(live);
      $("save").download = live.name;
    }
  }

  #say(words) {
    if ($("status").textContent !== words) $("status").textContent = words;
  }

  #clear() {
    clearTimeout(this.#slow);
    URL.revokeObjectURL($("save").href);
    $("job").classList.remove("visually-hidden");
    $("error").replaceChildren();
    $("job-name").textContent = "";
    this.#say("");
    for (const id of ["progress", "cancel", "again", "save", "dismiss"]) $(id).hidden = true;
  }
}
