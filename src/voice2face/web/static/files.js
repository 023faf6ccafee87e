// Recordings as files: chosen, or dropped anywhere on the page.
import { Refusal } from "./api.js";

const UNREADABLE =
  "This file could not be read. Is it a folder, or was it moved? Choose the recording itself.";

const $ = (id) => document.getElementById(id);

/**
 * @param {(file: File) => void} onFile
 * @param {(error: Error) => void} onError
 * @param {() => void} begin clears what was said before
 */
export function takeFiles(onFile, onError, begin) {
  async function check(files) {
    begin();
    if (files.length > 1) {
      return onError(new Refusal(`These are ${files.length} files; one voice is taken at a time.`));
    }
    const [file] = files;
    try {
      await file.slice(0, 1).arrayBuffer(); // a folder, or a file that is gone, cannot be read
    } catch {
      return onError(new Refusal(UNREADABLE));
    }
    return onFile(file);
  }

  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", ({ target }) => {
    const files = [...target.files];
    target.value = ""; // so that the same file can be chosen again
    if (files.length) check(files);
  });

  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0; // entering a child comes before leaving its parent
  const veil = (by) => {
    depth = Math.max(0, depth + by);
    $("drop").hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => isFile(event) && veil(+1));
  addEventListener("dragleave", (event) => isFile(event) && veil(-1));
  addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    veil(-depth);
    check([...event.dataTransfer.files]);
  });
}
