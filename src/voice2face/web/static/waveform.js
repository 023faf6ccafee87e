// The recording as a picture: what was kept as speech, and what was taken out.
import { length } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1200;
const MIDDLE = 92;
const REACH = 86; // the loudest sample, from the middle
const TRACK = { y: 190, height: 8 }; // a bar under what was kept: not by colour alone

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** An outline: the highs from left to right, the lows back. */
function outline({ low, high }) {
  const peak = Math.max(0.02, ...high.map(Math.abs), ...low.map(Math.abs)); // silence stays flat
  const step = WIDTH / Math.max(1, high.length);
  const y = (value) => (MIDDLE - (value / peak) * REACH).toFixed(1);
  const there = high.map((value, at) => `${((at + 0.5) * step).toFixed(1)} ${y(value)}`);
  const back = low.map((value, at) => `${((at + 0.5) * step).toFixed(1)} ${y(value)}`).reverse();
  return `M${[...there, ...back].join("L")}Z`;
}

/** The stretches between those of speech, as one shape. */
function gaps({ seconds, speech }, scale) {
  const ends = [0, ...speech.map(([, to]) => to)];
  const begins = [...speech.map(([from]) => from), seconds];
  return ends
    .map((end, at) => [(end * scale).toFixed(1), (begins[at] * scale).toFixed(1)])
    .map(([from, to]) => `M${from} 0V200H${to}V0Z`)
    .join("");
}

/**
 * Draw a recording.
 * @param {SVGElement} svg of 1200 × 200
 * @param {{seconds: number, low: number[], high: number[], speech: number[][]}} wave
 */
export function drawWave(svg, wave) {
  const scale = WIDTH / (wave.seconds || 1);
  const shape = outline(wave);
  const clip = element("clipPath", { id: "speech" });
  const tracks = element("g", { class: "track" });
  for (const [from, to] of wave.speech) {
    const across = { x: (from * scale).toFixed(1), width: ((to - from) * scale).toFixed(1) };
    clip.append(element("rect", { ...across, y: 0, height: 200 }));
    tracks.append(element("rect", { ...across, ...TRACK }));
  }
  svg.replaceChildren(
    clip,
    element("path", { class: "band", d: gaps(wave, scale) }),
    element("path", { class: "gone", d: shape }),
    element("path", { class: "kept", d: shape, "clip-path": "url(#speech)" }),
    tracks,
  );
  const kept = wave.speech.reduce((sum, [from, to]) => sum + to - from, 0);
  const stretches = wave.speech.length === 1 ? "one stretch" : `${wave.speech.length} stretches`;
  const parts = `${length(kept)} of it kept as speech, in ${stretches}`;
  svg.setAttribute("aria-label", `Waveform of ${length(wave.seconds)}: ${parts}`);
}
