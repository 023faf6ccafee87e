// One sound at a time: a recording of one's own, or an example.

const UNPLAYABLE =
  "Your browser cannot play this kind of recording; the face is made from it all the same.";

export class Sound {
  #audio = new Audio();
  #key = null;
  #owned = ""; // an address that must be given back

  /**
   * @param {() => void} onChange something began or ceased to sound
   * @param {(seconds: number) => void} onTime the place in what is loaded, while it sounds
   * @param {(message: string) => void} onTrouble says why it can't be played
   */
  constructor(onChange, onTime, onTrouble) {
    this.onTime = onTime;
    this.onTrouble = onTrouble;
    this.onChange = onChange;
    // A new recording ends the one before without a "pause": "emptied" tells of it.
    for (const event of ["play", "pause", "ended", "emptied"]) {
      this.#audio.addEventListener(event, () => this.#changed());
    }
  }

  /** What sounds; null: nothing. */
  get playing() {
    return this.#audio.paused ? null : this.#key;
  }

  /** Take a recording; nothing sounds until it is asked for. */
  load(key, source) {
    if (key === this.#key) return;
    this.#audio.pause();
    URL.revokeObjectURL(this.#owned);
    this.#owned = source instanceof Blob ? URL.createObjectURL(source) : "";
    this.#audio.src = this.#owned || source;
    this.#key = key;
    this.#changed();
  }

  /** Play it, from the place where it stands; pause it if it sounds. */
  async toggle(key, source) {
    if (this.playing === key) {
      this.#audio.pause();
      return;
    }
    this.load(key, source);
    if (this.#audio.ended) this.#audio.currentTime = 0;
    try {
      await this.#audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.onTrouble(UNPLAYABLE);
    }
  }

  stop() {
    this.#audio.pause();
    this.#changed();
  }

  /** Go to a place. */
  seek(key, source, seconds) {
    this.load(key, source);
    this.#audio.currentTime = seconds;
    this.onTime(seconds, key);
  }

  #changed() {
    this.onChange();
    this.#follow();
  }

  #follow() {
    this.onTime(this.#audio.currentTime, this.#key);
    if (!this.#audio.paused) requestAnimationFrame(() => this.#follow());
  }
}
