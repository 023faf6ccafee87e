// The page: a recording comes in by the microphone, a file or an example, and becomes a face.
import * as api from "./api.js";
import { sendable } from "./beginning.js";
import { Drawn } from "./drawn.js";
import { Entries, fileName } from "./entries.js";
import { takeFiles } from "./files.js";
import { Job } from "./job.js";
import { listen } from "./microphone.js";
import { showModel, showOffer, showSounding } from "./offers.js";
import { keepable, save } from "./picture.js";
import { Sound } from "./player.js";
import { show, showDrawn, showEarlier, showName, showNothing, summary } from "./result.js";
import { size } from "./words.js";

const $ = (id) => document.getElementById(id);
const UNFORESEEN = "Something went wrong on this page. Reload it and try again.";

let offered = null; // what the server said of itself
let asked = new AbortController(); // of what is being sent
let again = start; // what "Try again" does
let shown = null; // the entry on the page; a recording that is sent changes nothing of it
let pending = null; // the recording that is sent or failed: { recording, name, live }
let nRecorded = 0;

const entries = new Entries();
const drawn = new Drawn();
const job = new Job({
  onCancel: () => drop("Cancelled."),
  onAgain: () => again(),
  onDismiss: () => drop(),
});
const sound = new Sound(showPlaying, showPlace, warn);

function warn(text) {
  const li = document.createElement("li");
  li.textContent = text;
  $("warnings").replaceChildren(li);
}

function showPlaying() {
  $("play").textContent = shown && sound.playing === shown.key ? "Pause" : "Play";
  showSounding(sound.playing);
}

function showPlace(seconds, key) {
  if (!shown || key !== shown.key) return;
  $("seek").value = String(seconds);
  const text = `${seconds.toFixed(1)} of ${shown.answer.seconds.toFixed(1)} s`;
  $("seek").setAttribute("aria-valuetext", text);
}

/** Scroll only if it is out of view, as below the recorder on a phone. */
function bring(element) {
  const isQuiet = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "nearest", behavior: isQuiet ? "instant" : "smooth" });
}

/** Whatever was being sent is given up. */
function begin() {
  asked.abort();
  asked = new AbortController();
  job.end();
  busy(false);
  return asked.signal;
}

function drop(words) {
  begin();
  pending = null;
  job.end(words);
  if (shown) $("model").value = shown.model;
  tellModel();
}

function busy(isBusy) {
  $("made").setAttribute("aria-busy", String(isBusy));
}

/** Say what went wrong with a recording, beside whatever is shown. */
function fail(error, name = "", live = undefined) {
  if (error.name === "AbortError") return;
  if (!(error instanceof api.Refusal)) console.error(error);
  const text = error instanceof api.Refusal ? error.message : UNFORESEEN;
  job.fail(name, text, { retry: error.retry ?? false, live });
  bring($("job"));
}

/** A recording, from wherever; its face follows. `live`: it exists nowhere else. */
async function take(recording, name, live = false) {
  microphone.discard();
  pending = { recording, name: entries.freeName(name, recording), live };
  await send();
}

/** Ask for the face of what was taken. */
async function send() {
  const signal = begin();
  const { recording, name, live } = pending;
  const model = $("model").value;
  again = send;
  job.begin(name);
  busy(true);
  bring($("job"));
  const [sent, note] = await sendable(recording, offered?.limits.bytes);
  try {
    const onSent = (share) => signal.aborted || job.sent(share);
    const answer = await api.faces(sent, { model, seed: 0, signal, onSent });
    if (note) answer.warnings.unshift(note);
    pending = null;
    const made = entries.add({ recording, name, model, seed: 0, answer });
    // First, for what it takes away moves what the page is then scrolled to.
    job.end(`The face is there. ${summary(made)}`);
    present(made);
  } catch (error) {
    if (note && error instanceof api.Refusal && !error.retry) {
      error.message += ` Only its first ${size(sent.size)} could be sent: choose a shorter one, or its sound alone.`;
    }
    fail(error, name, live ? recording : undefined);
  } finally {
    if (signal === asked.signal) busy(false);
  }
}

function present(entry) {
  shown = entry;
  $("model").value = entry.model;
  tellModel();
  show(entry, (at) => drawn.open(entry, at));
  $("seek").max = String(entry.answer.seconds || 1);
  sound.load(entry.key, entry.recording);
  showPlaying();
  showPlace(0, entry.key);
  listEarlier();
  bring($("made"));
}

function listEarlier() {
  showEarlier(entries.all, shown, { onChoose: recall, onRemove: remove });
}

/** Show an earlier face again, without asking anybody. */
function recall(entry) {
  drop();
  present(entry);
  $("earlier").querySelector("[aria-current=true]")?.focus({ preventScroll: true });
  job.end(`${entry.name} again.`);
}

function remove(entry) {
  const next = entries.remove(entry);
  if (entry !== shown) {
    listEarlier();
  } else if (next) {
    sound.stop();
    present(next);
  } else {
    sound.stop();
    shown = null;
    showNothing();
    listEarlier();
    $("record").focus();
  }
}

function tellModel() {
  showModel(offered?.models.find(({ name }) => name === $("model").value));
}

/** The nine, drawn anew; they belong to their entry, whatever is shown by then. */
async function reroll() {
  const entry = shown;
  const seed = entry.seed + 1;
  $("reroll").disabled = true;
  $("more-section").setAttribute("aria-busy", "true");
  try {
    const [sent] = await sendable(entry.recording, offered?.limits.bytes);
    const { signal } = new AbortController();
    const { more } = await api.faces(sent, { model: entry.model, seed, signal });
    entry.seed = seed;
    entry.answer.more = more;
    if (entry === shown) showDrawn(entry, (at) => drawn.open(entry, at));
  } catch (error) {
    again = reroll;
    fail(error, entry.name);
  } finally {
    $("reroll").disabled = false;
    $("more-section").setAttribute("aria-busy", "false");
  }
}

async function takeExample({ title, url }) {
  const known = entries.all.find((each) => each.example === url && each.model === $("model").value);
  if (known) return recall(known);
  const signal = begin();
  again = () => takeExample({ title, url });
  try {
    const same = entries.all.find((each) => each.example === url); // made by another model
    const recording = same?.recording ?? (await api.example(url, signal));
    await take(recording, title);
    const made = entries.find(recording, $("model").value);
    if (made) made.example = url;
  } catch (error) {
    fail(error, title);
  }
}

function playExample({ url }) {
  sound.toggle(url, url);
}

async function start() {
  begin();
  again = start;
  try {
    offered = await api.about();
    showOffer(offered, { onPlay: playExample, onTake: takeExample });
    tellModel();
  } catch (error) {
    fail(error, "voice2face");
  }
}

$("play").addEventListener("click", () => sound.toggle(shown.key, shown.recording));
$("seek").addEventListener("input", () => {
  sound.seek(shown.key, shown.recording, Number($("seek").value));
});
$("reroll").addEventListener("click", reroll);
$("download").addEventListener("click", async () => {
  save(await keepable(shown.answer.face), fileName(shown));
});
$("remove").addEventListener("click", () => remove(shown));
$("name").addEventListener("change", () => {
  entries.rename(shown, $("name").value);
  showName(shown.name);
  listEarlier();
});
$("name").addEventListener("keydown", ({ key }) => key === "Enter" && $("name").blur());
$("model").addEventListener("change", () => {
  tellModel();
  if (pending) return send();
  if (!shown) return undefined;
  const known = entries.find(shown.recording, $("model").value);
  if (known) return recall(known);
  pending = { recording: shown.recording, name: shown.name, live: false };
  return send();
});
$("record-again").addEventListener("click", () => {
  bring($("recorder"));
  microphone.record();
});
takeFiles((file) => take(file, file.name), (error) => fail(error, "Files"), () => drop());
const microphone = listen({
  longest: () => offered?.limits.seconds ?? 60,
  onStart: () => {
    begin();
    pending = null;
    sound.stop();
  },
  onRecording: (recording) => {
    nRecorded += 1;
    return take(recording, `Recording ${nRecorded}`, true);
  },
  onDiscard: () => job.end("Discarded."),
  onError: (error) => {
    begin();
    fail(error, "Microphone");
  },
});
await start();
