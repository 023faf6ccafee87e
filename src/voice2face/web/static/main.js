// The page: a recording comes in by the microphone, a file or an example, and becomes a face.
import * as api from "./api.js";
import { Player } from "./player.js";
import { listen } from "./microphone.js";
import { save, show, showEarlier, summary } from "./result.js";
import { takeFiles } from "./files.js";
import { length, sentence, size } from "./words.js";

const $ = (id) => document.getElementById(id);
const SLOW_MS = 1500;
const SLOW = "Still at it. Others may be before you; this one follows.";
const UNFORESEEN = "Something went wrong on this page. Reload it and try again.";
const MOST_KEPT = 8; // voices to compare, in this window's memory

let offered = null; // what the server said of itself
let asked = new AbortController();
let now = null; // { recording, name, seed }
let made = []; // { recording, name, model, answer }
let shownAt = -1;
let retry = start; // what "Try again" does

const player = new Player($("play"), $("play-words"), $("seek"), warn);

function warn(text) {
  const li = document.createElement("li");
  li.textContent = text;
  $("warnings").replaceChildren(li);
}

function fail(error) {
  if (error.name === "AbortError") return;
  if (!(error instanceof api.Refusal)) console.error(error);
  const text = error instanceof api.Refusal ? error.message : UNFORESEEN;
  say("");
  const p = document.createElement("p");
  p.textContent = text;
  $("error").replaceChildren(p);
  $("again").hidden = !error.retry;
  $("actions").hidden = !now && !error.retry;
  bring($("error"));
}

/** What goes on, for all; what the caption shows as well (`isDone`), for screen readers alone. */
function say(text, isDone = false) {
  $("status").classList.toggle("done", isDone);
  $("status").textContent = text;
}

function quietly() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Scroll only if it is out of view, as below the recorder on a phone. */
function bring(element) {
  element.scrollIntoView({ block: "nearest", behavior: quietly() ? "instant" : "smooth" });
}

function begin() {
  asked.abort();
  asked = new AbortController();
  $("error").replaceChildren();
  $("warnings").replaceChildren();
  $("again").hidden = true;
  busy("");
  return asked.signal;
}

/** A recording, from wherever; its face follows. */
async function take(recording, name) {
  microphone.discard();
  now = { recording, name, seed: 0 };
  player.load(recording);
  $("actions").hidden = false;
  $("download").hidden = $("labelled").hidden = true;
  await make();
}

/** Ask for the faces of what was taken; `isSame`: of the voice whose face is shown already. */
async function make(isSame = false) {
  const signal = begin();
  retry = () => make(isSame);
  const { recording, name, seed } = now;
  const model = $("model").value;
  busy(isSame ? "more-section" : "made");
  say("Listening…");
  if (!isSame) bring($("made"));
  const slow = setTimeout(() => say(SLOW), SLOW_MS);
  try {
    const answer = await api.faces(recording, { model, seed, limits: offered?.limits, signal });
    keep({ recording, name, model, answer });
    present(isSame);
    say(`${isSame ? "Nine others are" : "The face is"} there. ${summary(answer)}`, true);
  } catch (error) {
    if (error.name !== "AbortError" && !isSame) clearFace();
    fail(error);
  } finally {
    clearTimeout(slow);
    if (signal === asked.signal) busy("");
  }
}

/** Mark the part of the page that waits for an answer; empty: none. */
function busy(id) {
  for (const each of ["made", "more-section"]) {
    $(each).setAttribute("aria-busy", String(each === id));
  }
}

/** No face of one voice stays beside the error of another. */
function clearFace() {
  const parts = ["window", "glow", "more-section", "heard-section", "download", "labelled"];
  for (const id of parts) $(id).hidden = true;
  $("empty").hidden = false;
  $("caption").replaceChildren();
  shownAt = -1;
  compare();
}

function keep(entry) {
  const { recording, model } = entry;
  const same = made.findIndex((each) => each.recording === recording && each.model === model);
  if (same >= 0) made[same] = entry;
  else made = [...made, entry].slice(-MOST_KEPT);
  shownAt = made.indexOf(entry);
}

function present(isSame = false) {
  const { answer, name } = made[shownAt];
  show(answer, name, isSame);
  player.length(answer.seconds);
  compare();
  if (!isSame) bring($("made"));
}

function compare() {
  const withModel = new Set(made.map((each) => each.model)).size > 1;
  showEarlier(made, shownAt, { withModel, onChoose: recall });
}

/** Show an earlier voice again, without asking anybody. */
function recall(index) {
  begin();
  shownAt = index;
  const { recording, name, model } = made[index];
  now = { recording, name, seed: 0 };
  $("model").value = model;
  tellModel();
  player.load(recording);
  present();
  $("earlier").querySelectorAll("button")[index]?.focus({ preventScroll: true });
  say(`${name} again.`, true);
}

function chosen() {
  return offered?.models.find((model) => model.name === $("model").value);
}

function tellModel() {
  const model = chosen();
  $("trained-title").textContent = `What ${model?.title ?? "it"} learned from`;
  if (!model?.trained_on) return;
  $("trained").textContent =
    `${sentence(model.trained_on)} What is missing there is drawn badly here.`;
}

function offerExamples(examples) {
  $("examples-field").hidden = !examples.length;
  $("examples").replaceChildren(
    ...examples.map(({ title, url }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = title;
      button.addEventListener("click", async () => {
        const known = made.find((each) => each.name === title && each.model === $("model").value);
        if (known) return recall(made.indexOf(known));
        const signal = begin();
        retry = () => button.click();
        try {
          await take(await api.example(url, signal), title);
        } catch (error) {
          fail(error);
        }
      });
      const li = document.createElement("li");
      li.append(button);
      return li;
    }),
  );
}

function offer(said) {
  offered = said;
  $("model").replaceChildren(
    ...said.models.map(({ name, title, is_default: first }) => new Option(title, name, first, first)),
  );
  $("model-field").hidden = said.models.length < 2;
  const { limits, least_speech_s: least } = said;
  $("limits").textContent =
    `Recordings and videos of nearly any kind: at least ${length(least)} of speech, ` +
    `at most ${length(limits.seconds)} and ${size(limits.bytes)}. Nothing is kept.`;
  if (said.notice) $("notice").textContent = sentence(said.notice);
  $("version").textContent = said.version;
  offerExamples(said.examples);
  tellModel();
}

async function start() {
  begin();
  retry = start;
  try {
    offer(await api.about());
    $("actions").hidden = !now;
  } catch (error) {
    fail(error);
  }
}

$("again").addEventListener("click", () => retry());
$("reroll").addEventListener("click", () => {
  now.seed += 1;
  make(true);
});
$("labelled").addEventListener("click", async () => {
  const { recording, name, model } = made[shownAt];
  const signal = begin();
  retry = () => $("labelled").click();
  try {
    save(await api.labelled(recording, { model, signal }), name);
  } catch (error) {
    fail(error);
  }
});
$("model").addEventListener("change", () => {
  tellModel();
  if (now) make();
});
takeFiles((file) => take(file, file.name), fail, begin);
const microphone = listen({
  longest: () => offered?.limits.seconds ?? 60,
  onStart: () => {
    begin();
    player.stop();
    say("Recording.", true);
  },
  onRecording: (recording) => take(recording, "Your recording"),
  onDiscard: () => say("Discarded.", true),
  onError: (error) => {
    begin();
    fail(error);
  },
});
await start();
