// What the server offers: models, examples, limits, links.
import { length, sentence, size } from "./words.js";

const $ = (id) => document.getElementById(id);

function link(title, url) {
  const a = document.createElement("a");
  a.href = url;
  a.textContent = title;
  a.rel = "noopener";
  return a;
}

function item(...content) {
  const li = document.createElement("li");
  li.append(...content);
  return li;
}

function button(words, className, onClick) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = words;
  made.addEventListener("click", onClick);
  return made;
}

/** Show all of it; `onPlay` and `onTake` are told which example was chosen. */
export function showOffer(said, { onPlay, onTake }) {
  $("model").replaceChildren(
    ...said.models.map(({ name, title, is_default: first }) => new Option(title, name, first, first)),
  );
  $("model-field").hidden = said.models.length < 2;
  const { limits, least_speech_s: least } = said;
  $("limits").textContent =
    `A recording or video of nearly any kind, with at least ${length(least)} of speech. Of a long ` +
    `one only the beginning is used: ${length(limits.seconds)} and ${size(limits.bytes)} at most. ` +
    "Nothing is kept.";
  if (said.notice) $("notice").textContent = sentence(said.notice);
  $("version").textContent = said.version;
  $("links").replaceChildren(
    ...(said.links ?? []).map(({ title, url }) => item(link(title, url))),
  );
  showExamples(said, { onPlay, onTake });
}

function showExamples({ examples, examples_credit: credit }, { onPlay, onTake }) {
  $("examples-field").hidden = !examples.length;
  $("examples").replaceChildren(
    ...examples.map((example) => {
      const play = button("▶", "listen", () => onPlay(example));
      play.dataset.key = example.url;
      play.dataset.title = example.title;
      const take = button(example.title, "take", () => onTake(example));
      return item(play, take);
    }),
  );
  showSounding(null);
  if (!credit) return;
  $("credit").replaceChildren(
    link(credit.text, credit.url),
    ", ",
    link(credit.licence, credit.licence_url),
    ".",
  );
}

/** Mark the example that sounds, by its address. */
export function showSounding(key) {
  for (const each of document.querySelectorAll("#examples .listen")) {
    const isOn = each.dataset.key === key;
    each.textContent = isOn ? "❚❚" : "▶";
    each.setAttribute("aria-label", `${isOn ? "Pause" : "Listen to"} ${each.dataset.title}`);
  }
}

/** What the chosen model learned from, and its card. */
export function showModel(model) {
  $("trained-title").textContent = `What ${model?.title ?? "it"} learned from`;
  if (!model?.trained_on) return;
  $("trained").textContent =
    `${sentence(model.trained_on)} People who are rare among them are drawn badly.`;
  $("card").hidden = !model.card;
  $("card").href = model.card ?? "";
  $("card").textContent = `The card of ${model.title}`;
}
