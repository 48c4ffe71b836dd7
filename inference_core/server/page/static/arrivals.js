// The ways on which a picture comes: chosen, photographed, dropped anywhere on the page, or pasted.

/** Calls `take(file)` for each picture that comes. `stage` is marked while one is held over the page. */
export function listenForPictures(inputs, stage, take) {
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const [file] = input.files;
      if (file) take(file);
      input.value = ""; // so that the same file can be chosen again
    });
  }
  document.addEventListener("paste", ({ clipboardData }) => {
    const [file] = clipboardData.files;
    if (file) take(file);
  });
  listenForDrops(stage, take);
}

function listenForDrops(stage, take) {
  const onFiles = (kind, act) => document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // the browser would leave the page for the picture
    act(event);
  });
  const mark = (is) => stage.classList.toggle("aimed", is);
  onFiles("dragover", () => mark(true));
  onFiles("drop", ({ dataTransfer }) => {
    mark(false);
    take(dataTransfer.files[0]);
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => { if (!relatedTarget) mark(false); });
}
