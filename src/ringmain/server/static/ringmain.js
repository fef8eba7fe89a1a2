// What htmx does not do: copy a text, walk through a list with the arrow keys, show what was just sent in a chat, tell
// that the session is over.
// Without it all pages work.

addEventListener("DOMContentLoaded", () => {
  for (const text of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet copy";
    button.textContent = "Copy";
    button.addEventListener("click", () => copy(text, button));
    text.after(button);
  }
});

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {
    // Browsers give the clipboard to secure pages only; the text is then marked, for the keyboard to copy.
    getSelection().selectAllChildren(text);
    button.textContent = "Marked: copy it with the keyboard";
  }
}

addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const here = document.activeElement;
  if (!step || !here.matches("[data-stop]")) return;
  const stops = [...document.querySelectorAll("[data-stop]")];
  const next = stops[stops.indexOf(here) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// What somebody writes in a chat stands there at once, and not only with the answer.
addEventListener("htmx:before:request", ({ target }) => {
  if (!target.matches("[data-write]")) return;
  const field = target.elements.what;
  const bubble = document.createElement("div");
  bubble.className = "bubble mine";
  bubble.append(Object.assign(document.createElement("p"), { textContent: field.value }));
  document.getElementById("typing").before(bubble);
  field.value = "";
});

// With its answer the whole phone is in sight, and who has a keyboard goes on writing.
addEventListener("htmx:after:swap", () => {
  document.querySelector(".phone")?.scrollIntoView({ block: "nearest" });
  if (document.activeElement === document.body && matchMedia("(pointer: fine)").matches) {
    document.querySelector("[data-write]")?.elements.what.focus({ preventScroll: true });
  }
});

// The server names these two events where a page that keeps itself fresh is asked for without a session, or with one.
addEventListener("signed-out", () => signedOut(true));
addEventListener("htmx:after:swap", () => signedOut(false));

function signedOut(is) {
  const notice = document.getElementById("signed-out");
  if (notice) notice.hidden = !is;
}
