// A text, one line or several, with a button that copies it; where the browser forbids that, the text is marked to be copied by hand.
export default function ({ data, parentElement }) {
  let box = parentElement.querySelector(".reclens-copy")
  if (!box) {
    box = document.createElement("div")
    box.className = "reclens-copy"
    box.append(document.createElement(data.lines ? "textarea" : "input"), document.createElement("button"))
    parentElement.appendChild(box)
  }
  const [field, button] = box.children
  field.readOnly = true
  if (data.lines) field.rows = data.lines
  field.value = data.text
  field.setAttribute("aria-label", data.label)
  button.type = "button"
  button.textContent = data.copy
  button.onclick = async () => {
    field.select()
    try {
      await navigator.clipboard.writeText(data.text)
    } catch {
      if (!document.execCommand("copy")) return
    }
    button.textContent = data.copied
  }
}
