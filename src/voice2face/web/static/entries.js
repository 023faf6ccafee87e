// The recordings of this window and their faces: the newest last, at most eight.
import { stem } from "./words.js";

const MOST = 8;

/**
 * An entry is `{ key, recording, name, model, seed, answer }`: one recording, and what one model
 * made of it.
 */
export class Entries {
  all = [];
  #keys = 0;

  /** A name that no other recording has. */
  freeName(name, recording) {
    const taken = new Set(
      this.all.filter((each) => each.recording !== recording).map((each) => each.name),
    );
    for (let number = 2, found = name; ; number += 1) {
      if (!taken.has(found)) return found;
      found = `${name} (${number})`;
    }
  }

  find(recording, model) {
    return this.all.find((each) => each.recording === recording && each.model === model);
  }

  add(entry) {
    const old = this.find(entry.recording, entry.model);
    const kept = { ...entry, key: old?.key ?? `voice-${(this.#keys += 1)}` };
    this.all = [...this.all.filter((each) => each !== old), kept].slice(-MOST);
    return kept;
  }

  /** @returns the entry to show in its place; undefined: none is left */
  remove(entry) {
    const at = this.all.indexOf(entry);
    this.all = this.all.filter((each) => each !== entry);
    return this.all[Math.min(at, this.all.length - 1)];
  }

  /** Another name, for the recording with all models. */
  rename(entry, name) {
    const wanted = name.trim().replace(/\s+/g, " ");
    if (!wanted) return;
    const free = this.freeName(wanted, entry.recording);
    for (const each of this.all) if (each.recording === entry.recording) each.name = free;
  }
}

/** What a picture of an entry is called as a file: the face itself, or a drawn one by its number. */
export function fileName({ name, seed }, number = 0) {
  return `${stem(name)}${number ? `-${seed * 9 + number}` : ""}.png`;
}
