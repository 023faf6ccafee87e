// The record button: its clock, its level, and what it advises.
import { ending, record, whyNot } from "./recorder.js";
import { clock, length } from "./words.js";

const $ = (id) => document.getElementById(id);
const BARS = 36;
const BAR_S = 0.06;
const STEADY_S = 5;
const MOST_S = 120; // nobody means to speak longer; a file may be
const QUIET = 0.25; // of the meter, over two seconds: below, voice activity loses speech
const IDLE_HINT = "Say anything, 5 to 15 seconds. Press again to stop.";

function advice(seconds, loudest, most) {
  if (seconds > 2 && loudest < QUIET) {
    return "Hardly anything is heard. Is this the right microphone?";
  }
  if (seconds > most - 10) return `Stops by itself after ${length(most)}.`;
  if (seconds < STEADY_S) return "Keep talking: five seconds or more make a steadier face.";
  return "That is enough. Stop when you like.";
}

/** The button and the rings swell with the voice. */
function glow(level) {
  for (const id of ["record", "rings"]) $(id).style.setProperty("--level", level.toFixed(2));
}

/** Bars of the last two seconds, newest at the right. */
class Meter {
  #bars = Array.from({ length: BARS }, () => document.createElement("span"));
  #levels = Array(BARS).fill(0);
  #next = 0;

  constructor(place) {
    this.place = place;
    place.replaceChildren(...this.#bars);
  }

  clear() {
    this.#levels.fill(0);
    this.#next = 0;
    this.#draw();
  }

  get loudest() {
    return Math.max(...this.#levels);
  }

  add(level, seconds) {
    glow(level);
    if (seconds < this.#next) return;
    this.#next = seconds + BAR_S;
    this.#levels = [...this.#levels.slice(1), level];
    this.#draw();
  }

  #draw() {
    this.#bars.forEach((bar, at) => {
      bar.style.setProperty("--height", Math.max(0.05, this.#levels[at]).toFixed(2));
    });
    this.place.setAttribute("aria-valuenow", String(Math.round(100 * this.#levels[BARS - 1])));
  }
}

/**
 * Make the record button work; see main.js for what is called when.
 * @returns record(), as a press on the button; discard(), which drops what is being recorded
 */
export function listen({ longest, onStart, onRecording, onDiscard, onError }) {
  const hindrance = whyNot();
  if (hindrance) {
    $("record").disabled = true;
    $("record-hint").textContent = hindrance;
    $("record-again").hidden = true;
    return { record() {}, discard() {} };
  }
  const meter = new Meter($("meter"));
  let recording = null;
  let busy = false; // while the browser asks for leave, and while a recording ends
  let limit = 0; // a timer: in a tab that is hidden nothing is drawn, and no tick comes

  const hint = (text) => {
    if ($("record-hint").textContent !== text) $("record-hint").textContent = text;
  };

  function look(isOn) {
    $("recorder").classList.toggle("on", isOn);
    document.documentElement.classList.toggle("recording", isOn);
    $("record-words").textContent = isOn ? "Stop" : "Record";
    $("live").hidden = !isOn;
    meter.clear();
    glow(0);
    hint(IDLE_HINT);
  }

  const most = () => Math.min(MOST_S, longest() - 1);

  function tick(level, seconds) {
    meter.add(level, seconds);
    $("clock").textContent = clock(seconds);
    hint(advice(seconds, meter.loudest, most()));
  }

  async function begin() {
    busy = true;
    hint("Your browser asks whether this page may use the microphone.");
    try {
      recording = await record(tick, () => end(true));
      limit = setTimeout(() => end(true), 1000 * most());
      $("clock").textContent = clock(0);
      look(true);
      onStart();
    } catch (error) {
      hint(IDLE_HINT);
      onError(error);
    } finally {
      busy = false;
    }
  }

  async function end(isWanted, isQuiet = false) {
    if (!recording || busy) return;
    busy = true;
    clearTimeout(limit);
    const blob = await (isWanted ? recording.stop() : recording.cancel());
    recording = null;
    busy = false;
    if ($("live").contains(document.activeElement)) $("record").focus(); // before it is hidden
    look(false);
    if (!isWanted) return isQuiet || onDiscard();
    return onRecording(new File([blob], `recording.${ending(blob.type)}`, { type: blob.type }));
  }

  const press = () => {
    if (!busy) (recording ? end(true) : begin());
  };
  $("record").addEventListener("click", press);
  $("discard").addEventListener("click", () => end(false));
  addEventListener("keydown", ({ key }) => key === "Escape" && end(false));
  addEventListener("pagehide", () => recording?.cancel());
  return { record: press, discard: () => end(false, true) };
}
