// Drops files onto the verifier page, each a name and its bytes in base64, beside what it has.
const [files] = arguments;
const transfer = new DataTransfer();
for (const [name, base64] of files) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  transfer.items.add(new File([bytes], name));
}
document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
