// Asks the person for the key of this server.

const at = (id) => document.getElementById(id);
let asking = null;

/**
 * The key that the person gives, or null. Requests that want one at the same time share the one question.
 * `reason` says why the last key did not open the server; empty the first time.
 */
export function askForKey(reason) {
  asking ??= new Promise((resolve) => {
    const dialog = at("key-dialog");
    at("key-reason").textContent = reason && `The last one did not open it: ${reason}.`;
    at("key-form").onsubmit = () => dialog.close(at("key").value);
    at("key-cancel").onclick = () => dialog.close("");
    dialog.onclose = () => {
      asking = null;
      at("key").value = "";
      resolve(dialog.returnValue || null);
      dialog.returnValue = "";
    };
    dialog.showModal();
  });
  return asking;
}
