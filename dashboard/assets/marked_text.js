// A text whose words are marked by sign and strength. All of it is set as text, never as HTML.
export default function ({ data, parentElement }) {
  let box = parentElement.querySelector(".reclens-marked")
  if (!box) {
    box = document.createElement("p")
    box.className = "reclens-marked"
    parentElement.appendChild(box)
  }
  box.setAttribute("aria-label", data.alt)
  box.replaceChildren(
    ...data.parts.map((part) => {
      if (!part.note) return document.createTextNode(part.text)
      const word = document.createElement("span")
      const note = document.createElement("small")
      word.className = part.kind
      word.style.setProperty("--strength", part.strength)
      word.textContent = part.text
      note.textContent = part.note
      word.append(note)
      return word
    }),
  )
}
