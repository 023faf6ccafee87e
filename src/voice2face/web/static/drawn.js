// A drawn face, large: looked at one after the other, and downloaded.
import { address, keepable, save, sides } from "./picture.js";
import { fileName } from "./entries.js";

const $ = (id) => document.getElementById(id);
const SMALL = 128;

export class Drawn {
  #entry = null;
  #at = 0;

  constructor() {
    const dialog = $("large");
    $("large-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
    dialog.addEventListener("keydown", ({ key }) => {
      if (key === "ArrowLeft") this.#show(this.#at - 1);
      if (key === "ArrowRight") this.#show(this.#at + 1);
    });
    dialog.addEventListener("close", () => this.#button()?.focus());
    $("large-before").addEventListener("click", () => this.#show(this.#at - 1));
    $("large-next").addEventListener("click", () => this.#show(this.#at + 1));
    $("large-download").addEventListener("click", async () => {
      const name = fileName(this.#entry, this.#at + 1);
      save(await keepable(this.#entry.answer.more[this.#at]), name);
    });
  }

  open(entry, at) {
    this.#entry = entry;
    this.#show(at);
    $("large").showModal();
  }

  #button() {
    return $("more").querySelectorAll("button")[this.#at];
  }

  #show(at) {
    const { answer, name } = this.#entry;
    const n = answer.more.length;
    this.#at = (at + n) % n;
    const face = answer.more[this.#at];
    const [width] = sides(face);
    $("large").style.setProperty("--pixels", width);
    $("large").classList.toggle("soft", width < SMALL);
    $("large-face").src = address(face);
    $("large-face").alt = `Face ${this.#at + 1} of ${n}, drawn for the voice in ${name}`;
    $("large-title").textContent = `${this.#at + 1} of ${n}`;
    $("large-words").textContent = `Drawn for the voice in ${name}; nobody’s likeness.`;
  }
}
