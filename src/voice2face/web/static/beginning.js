// Of a recording that is too large to send, what can be sent of it.

const HEAD = 1 << 16; // the sound of a WAV file begins within it
const LEAST = 1 << 16;
const NOTE = "The recording is large: its first part was sent.";

/** The place of the sound in a WAV file: where its length stands; 0: no such file. */
function soundOf(view) {
  const word = (at) => String.fromCharCode(...new Uint8Array(view.buffer, at, 4));
  if (view.byteLength < 44 || word(0) !== "RIFF" || word(8) !== "WAVE") return 0;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    if (word(at) === "data") return at + 4;
    at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) % 2);
  }
  return 0;
}

/**
 * The recording itself, or as much of its beginning as the server takes.
 * @returns {Promise<[Blob, string]>} with a note for the reader; empty where it is whole
 */
export async function sendable(recording, bytes) {
  if (!bytes || recording.size <= bytes || bytes < LEAST) return [recording, ""];
  const head = await recording.slice(0, Math.min(HEAD, bytes)).arrayBuffer();
  const view = new DataView(head);
  const at = soundOf(view);
  if (at) { // says how long it is: corrected, or the rest would be missed
    const length = bytes - at - 4 - ((bytes - at - 4) % 192); // whole samples of all channels
    view.setUint32(4, at - 4 + length, true);
    view.setUint32(at, length, true);
    return [new Blob([head, recording.slice(head.byteLength, at + 4 + length)]), NOTE];
  }
  return [recording.slice(0, bytes), NOTE];
}
