// The recording, played from memory; its place is the slider over the waveform.

const UNPLAYABLE =
  "Your browser cannot play this kind of recording; the face is made from it all the same.";

/** Plays one recording at a time. */
export class Player {
  #audio = new Audio();
  #url = "";
  #seconds = 0;

  /**
   * @param {HTMLButtonElement} button
   * @param {HTMLElement} words the button's text
   * @param {HTMLInputElement} seek
   * @param {(message: string) => void} onTrouble says why it can't be played
   */
  constructor(button, words, seek, onTrouble) {
    this.seek = seek;
    const audio = this.#audio;
    button.addEventListener("click", () => this.toggle());
    const show = () => {
      words.textContent = audio.paused ? "Play the voice" : "Pause";
      button.classList.toggle("playing", !audio.paused);
      if (!audio.paused) this.#follow();
    };
    for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, show);
    seek.addEventListener("input", () => {
      audio.currentTime = Number(seek.value);
      this.#place();
    });
    this.trouble = () => onTrouble(UNPLAYABLE);
  }

  /** Take a recording; nothing sounds yet. */
  load(recording) {
    this.stop();
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(recording);
    this.#audio.src = this.#url;
    this.length(0);
  }

  /** How long it is, as the server found: what a browser records does not say. */
  length(seconds) {
    this.#seconds = seconds;
    this.seek.max = String(seconds || 1);
    this.#place();
  }

  async toggle() {
    if (!this.#audio.paused) {
      this.#audio.pause();
      return;
    }
    const { ended, currentTime } = this.#audio;
    if (ended || currentTime >= this.#seconds - 0.05) this.#audio.currentTime = 0;
    try {
      await this.#audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.trouble();
    }
  }

  stop() {
    this.#audio.pause();
  }

  #follow() {
    this.#place();
    if (!this.#audio.paused) requestAnimationFrame(() => this.#follow());
  }

  #place() {
    const now = this.#audio.currentTime;
    this.seek.value = String(now);
    this.seek.setAttribute("aria-valuetext", `${now.toFixed(1)} of ${this.#seconds.toFixed(1)} s`);
  }
}
