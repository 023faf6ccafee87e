// Pictures to keep: enlarged, with a line that says what they are, and with the notes of the original.

const SIDE = 512;
const LABEL = "Made by a machine from a voice";
const SMALL = 128; // below, what enlarging shows of single pixels is softened
const HEAD = 33; // bytes of a PNG before the chunk that follows IHDR
const NOTES = new Set(["tEXt", "iTXt", "zTXt"]);

export const address = (base64) => `data:image/png;base64,${base64}`;

export const bytesOf = (base64) =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

export const blobOf = (base64) => new Blob([bytesOf(base64)], { type: "image/png" });

/** Width and height of a PNG. */
export function sides(base64) {
  const head = new DataView(bytesOf(base64).buffer);
  return [head.getUint32(16), head.getUint32(20)];
}

/** The chunks of a PNG in which it says where it is from, as they are. */
function notes(bytes) {
  const view = new DataView(bytes.buffer);
  const found = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (NOTES.has(kind)) found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}

/** A picture of 512 pixels or more, on a strip with the label. */
export async function keepable(base64) {
  const original = bytesOf(base64);
  const picture = await createImageBitmap(new Blob([original], { type: "image/png" }));
  const side = Math.max(SIDE, picture.width);
  const height = Math.round((side * picture.height) / picture.width);
  const letters = Math.round(side / 24);
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = height + 2 * letters;
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, canvas.height);
  // Drawn a little larger where it is softened: a blur fades edges.
  const beyond = picture.width < SMALL ? 0.01 * side : 0;
  context.save();
  context.rect(0, 0, side, height);
  context.clip();
  if (beyond && "filter" in context) context.filter = `blur(${(0.007 * side).toFixed(1)}px)`;
  context.drawImage(picture, -beyond, -beyond, side + 2 * beyond, height + 2 * beyond);
  context.restore();
  context.fillStyle = "#1c1c1e";
  context.font = `${letters}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  context.fillText(LABEL, letters / 2, height + letters);
  const drawn = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const bytes = new Uint8Array(await drawn.arrayBuffer());
  const parts = [bytes.subarray(0, HEAD), ...notes(original), bytes.subarray(HEAD)];
  return new Blob(parts, { type: "image/png" });
}

/** Hand a file to the browser's downloads. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
