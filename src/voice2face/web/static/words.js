// Numbers as words.

/** 0:07, 12:30 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "8.2 s", "2 minutes" */
export function length(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1).replace(/\.0$/, "")} s`;
  if (seconds % 60 === 0) return seconds === 60 ? "a minute" : `${seconds / 60} minutes`;
  return `${clock(seconds)} minutes`;
}

/** "32 MB" */
export function size(bytes) {
  const mb = bytes / 1e6;
  return mb < 1 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${+mb.toFixed(1)} MB`;
}

/** A sentence: a capital at its start, a full stop at its end. */
export function sentence(text) {
  const trimmed = String(text ?? "").trim();
  if (!trimmed) return "";
  const begun = trimmed[0].toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/** The name of a file without its ending, fit for another file's name. */
export function stem(name) {
  const bare = String(name).replace(/^.*[\\/]/, "").replace(/\.[^.]*$/, "");
  return bare.replace(/[^\p{L}\p{N}._ -]+/gu, "_").trim() || "face";
}

const LIKELY = 0.75; // a gender that is less probable is called likelier, not heard

/** What was heard, in words, with how sure that is. */
export function heardWords(heard, by) {
  if (!heard) return "What was heard shows in the face alone: nothing could be put into words.";
  const { female, male } = heard.gender;
  const who = female >= male ? "woman" : "man";
  const share = Math.max(female, male);
  const sure = `${Math.round(100 * share)} % sure`;
  const kind = share >= LIKELY ? `a ${who}’s voice (${sure})` : `rather a ${who}’s voice (only ${sure})`;
  const [from, to] = heard.age.interval_80.map(Math.round);
  const looks = `who looks ${from} to ${to} years old (right for four people in five)`;
  const said = `Heard: ${kind}, of somebody ${looks}.`;
  return by === "model" ? said : `${said} The model that draws did not hear this: another network did.`;
}
