// Form behaviour: native validation with its messages shown in the page, and the server's refusals shown the same way.
// A refusal becomes the field's custom validity, so the browser (and whoever listens) sees an invalid field.

/** Wire a form: `send(values)` resolves to {status, data}; `onDone(data)` runs after a 200. */
export function wireForm(form, send, onDone) {
  const submitButton = form.querySelector("button.primary");
  form.addEventListener("invalid", (event) => showInvalid(form, event), true);
  form.addEventListener("input", (event) => clearField(event.target));
  // A refusal of the server must not block the next attempt, so it is lifted before the browser validates again.
  submitButton.addEventListener("click", () => fieldsOf(form).forEach((field) => field.setCustomValidity("")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submitButton.getAttribute("aria-disabled") === "true") return;
    setBusy(form, submitButton, true);
    const answer = await send(Object.fromEntries(new FormData(form)));
    setBusy(form, submitButton, false);
    if (answer.status === 200) onDone(answer.data);
    else showRefusal(form, answer.data);
  });
}

/** Fill a form with what was saved; fields that nothing is known of stay as they are. */
export function fillForm(form, saved) {
  for (const [name, value] of Object.entries(saved ?? {})) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
}

function fieldsOf(form) {
  return [...form.elements].filter((element) => element.name);
}

function setBusy(form, button, busy) {
  form.setAttribute("aria-busy", String(busy));
  button.setAttribute("aria-disabled", String(busy));
  if (busy) showBanner(form, "");
}

function showRefusal(form, { message, errors = {} }) {
  const named = Object.entries(errors).filter(([name]) => form.elements.namedItem(name));
  showBanner(form, named.length ? "" : message);
  for (const [name, text] of named) form.elements.namedItem(name).setCustomValidity(text);
  if (named.length) form.reportValidity();
}

function showBanner(form, message) {
  const banner = form.querySelector(".banner");
  banner.textContent = message;
  banner.hidden = !message;
}

function showInvalid(form, event) {
  event.preventDefault();
  const field = event.target;
  const note = errorNote(field);
  note.textContent = messageFor(field);
  field.setAttribute("aria-invalid", "true");
  if (form.querySelector(":invalid:not(fieldset)") === field) field.focus();
}

function messageFor(field) {
  if (field.validity.customError) return field.validationMessage;
  if (field.validity.valueMissing) return field.tagName === "SELECT" ? "Please choose one." : "Please fill this in.";
  if (field.validity.patternMismatch && field.title) return field.title.replace(/\.?$/, ".");
  return field.validationMessage;
}

function errorNote(field) {
  const id = `${field.id}-error`;
  const existing = document.getElementById(id);
  if (existing) return existing;
  const note = document.createElement("p");
  note.id = id;
  note.className = "error";
  note.setAttribute("role", "alert");
  field.closest(".field").append(note);
  const described = field.getAttribute("aria-describedby");
  field.dataset.describedby = described ?? "";
  field.setAttribute("aria-describedby", described ? `${described} ${id}` : id);
  return note;
}

function clearField(field) {
  field.setCustomValidity?.("");
  field.removeAttribute("aria-invalid");
  document.getElementById(`${field.id}-error`)?.remove();
  if (field.dataset?.describedby !== undefined) {
    field.setAttribute("aria-describedby", field.dataset.describedby);
    delete field.dataset.describedby;
  }
}
