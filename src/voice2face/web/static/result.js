// An answer of the server, shown on the page.
import { drawWave } from "./waveform.js";
import { length, stem } from "./words.js";

const $ = (id) => document.getElementById(id);
const picture = (base64) => `data:image/png;base64,${base64}`;

let downloadUrl = "";

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** The bytes that the server sent, as a file: not all phones save what a data address holds. */
function offer(bytes, name) {
  URL.revokeObjectURL(downloadUrl);
  downloadUrl = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  $("download").href = downloadUrl;
  $("download").download = `${stem(name)}.png`;
  $("download").hidden = $("labelled").hidden = false;
}

/** "64 × 64", as the head of a PNG says. */
function sides(bytes) {
  const head = new DataView(bytes.buffer);
  return `${head.getUint32(16)} × ${head.getUint32(20)}`;
}

/** Hand a picture to the browser's downloads. */
export function save(png, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(png);
  link.download = `${stem(name)}-labelled.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function item(content) {
  const li = document.createElement("li");
  li.append(content);
  return li;
}

function image(base64, alt) {
  const img = new Image(64, 64);
  img.alt = alt;
  img.src = picture(base64);
  return img;
}

/** "6.9 s of speech in 8.2 s; made in 0.18 s by open-gender-64" */
export function summary(answer) {
  const ms = answer.took_ms;
  const took = ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : length(ms / 1000);
  return `From ${length(answer.speech_s)} of speech in ${length(answer.seconds)}, made in ${took}.`;
}

/** Show one answer, whole; `isSame`: the face stays, with other faces below it. */
export function show(answer, name, isSame = false) {
  const face = $("face");
  face.src = $("glow").src = picture(answer.face);
  face.alt = `A face made up from the voice in ${name}`;
  $("window").hidden = $("glow").hidden = false;
  $("empty").hidden = true;
  $("window").classList.remove("arrived");
  void face.offsetWidth; // so that the same animation runs again
  $("window").classList.toggle("arrived", !isSame);
  const bytes = bytesOf(answer.face);
  offer(bytes, name);

  const title = document.createElement("strong");
  title.textContent = name;
  $("caption").replaceChildren(
    title,
    `${summary(answer)} ${sides(bytes)} pixels, enlarged softly here.`,
  );
  $("warnings").replaceChildren(...answer.warnings.map(item));
  $("more").replaceChildren(
    ...answer.more.map((each, at) => item(image(each, `Face ${at + 1} more from this voice`))),
  );
  $("more-section").hidden = !answer.more.length;
  heard(answer);
}

function heard(answer) {
  drawWave($("wave"), answer.waveform);
  const gone = Math.max(0, answer.seconds - answer.speech_s);
  $("heard-words").textContent =
    `${length(answer.speech_s)} of speech; ${length(gone)} of silence or noise taken out.`;
  $("wave-end").textContent = length(answer.waveform.seconds);
  $("mel").src = picture(answer.log_mel.png);
  const { seconds, bands } = answer.log_mel;
  $("mel").alt = `Log-mel spectrogram of ${length(seconds)} of speech, ${bands} bands`;
  $("mel-end").textContent = length(seconds);
  $("heard-section").hidden = false;
}

/** The voices so far, each a button; `at` is the one that is shown. */
export function showEarlier(made, at, { withModel, onChoose }) {
  $("earlier-section").hidden = made.length < 2;
  $("earlier").replaceChildren(
    ...made.map((each, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-current", String(index === at));
      const label = document.createElement("span");
      label.textContent = withModel ? `${each.name}, ${each.model}` : each.name;
      button.append(image(each.answer.face, ""), label);
      button.addEventListener("click", () => onChoose(index));
      return item(button);
    }),
  );
}
