// A face and what belongs to it, shown on the page.
import { blobOf, address, sides } from "./picture.js";
import { drawWave } from "./waveform.js";
import { fileName } from "./entries.js";
import { heardWords, length } from "./words.js";

const $ = (id) => document.getElementById(id);
const SMALL = 128; // pixels: below, single ones would be seen
const PARTS = ["window", "glow", "caption", "more-section", "heard-section"];

function item(content) {
  const li = document.createElement("li");
  li.append(content);
  return li;
}

/** "From 6.9 s of speech in 8.2 s, by gan in 180 ms." */
export function summary({ answer, model }) {
  const ms = answer.took_ms;
  const took = ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : length(ms / 1000);
  const speech = `${length(answer.speech_s)} of speech in ${length(answer.seconds)}`;
  return `From ${speech}, by ${model} in ${took}.`;
}

/** An entry, whole. `onChoose` is told which of the drawn faces was clicked. */
export function show(entry, onChoose) {
  const { answer, name } = entry;
  const [width, height] = sides(answer.face);
  $("face").src = $("glow").src = address(answer.face);
  showName(name);
  $("window").style.setProperty("--pixels", width);
  $("window").classList.toggle("soft", width < SMALL);
  $("frame").classList.add("filled");
  for (const id of PARTS) $(id).hidden = false;
  $("empty").hidden = true;
  $("says").textContent = heardWords(answer.heard, answer.heard_by);
  $("says").classList.toggle("nothing", !answer.heard);
  $("facts").textContent = `${summary(entry)} ${width}\u00a0×\u00a0${height}\u00a0pixels.`;
  $("warnings").replaceChildren(...answer.warnings.map(item));
  URL.revokeObjectURL($("raw").href);
  $("raw").href = URL.createObjectURL(blobOf(answer.face));
  $("raw").textContent = `Download in its own size, ${width} × ${height}`;
  showDrawn(entry, onChoose);
  heard(answer);
}

/** What depends on the name. */
export function showName(name) {
  $("name").value = name;
  $("face").alt = `A face made up from the voice in ${name}`;
  $("raw").download = fileName({ name });
}

/** No face is left. */
export function showNothing() {
  for (const id of PARTS) $(id).hidden = true;
  $("frame").classList.remove("filled");
  $("empty").hidden = false;
}

/** The nine, each a button that shows it large. */
export function showDrawn({ answer }, onChoose) {
  $("more").replaceChildren(
    ...answer.more.map((each, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(image(each, `Face ${at + 1} of nine that could have this voice`));
      button.addEventListener("click", () => onChoose(at));
      return item(button);
    }),
  );
  $("more-section").hidden = !answer.more.length;
}

function image(base64, alt) {
  const img = new Image(64, 64);
  img.alt = alt;
  img.src = address(base64);
  return img;
}

function heard(answer) {
  drawWave($("wave"), answer.waveform);
  const gone = Math.max(0, answer.seconds - answer.speech_s);
  $("heard-words").textContent =
    `${length(answer.speech_s)} of speech; ${length(gone)} of silence or noise taken out.`;
  $("wave-end").textContent = length(answer.waveform.seconds);
  $("mel").src = address(answer.log_mel.png);
  const { seconds, bands } = answer.log_mel;
  $("mel").alt = `Log-mel spectrogram of ${length(seconds)} of speech, ${bands} bands`;
  $("mel-end").textContent = length(seconds);
}

/** The recordings so far: each can be shown again or removed. */
export function showEarlier(all, shown, { onChoose, onRemove }) {
  const withModel = new Set(all.map((each) => each.model)).size > 1;
  $("earlier-section").hidden = all.length < 2;
  $("earlier").replaceChildren(
    ...all.map((entry) => {
      const title = withModel ? `${entry.name}, ${entry.model}` : entry.name;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "thumb";
      button.setAttribute("aria-current", String(entry === shown));
      const label = document.createElement("span");
      label.textContent = title;
      button.append(image(entry.answer.face, ""), label);
      button.addEventListener("click", () => onChoose(entry));
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "remove";
      remove.textContent = "×";
      remove.title = "Remove";
      remove.setAttribute("aria-label", `Remove ${title}`);
      remove.addEventListener("click", () => onRemove(entry));
      const li = item(button);
      li.append(remove);
      return li;
    }),
  );
}
