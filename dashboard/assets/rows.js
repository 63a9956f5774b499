// Draws the table once and from then on changes only what differs. Texts are set as text, never as HTML.
function child(parent, index, tag, type) {
  const found = parent.children[index]
  if (found && found.tagName === tag.toUpperCase()) return found
  const made = document.createElement(tag)
  if (type) made.type = type
  if (found) found.replaceWith(made)
  else parent.appendChild(made)
  return made
}

function trim(parent, count) {
  while (parent.children.length > count) parent.lastElementChild.remove()
}

function text(node, value) {
  if (node.textContent !== value || node.childElementCount) node.textContent = value
}

function attribute(node, name, value) {
  if (!value) {
    if (node.hasAttribute(name)) node.removeAttribute(name)
  } else if (node.getAttribute(name) !== value) node.setAttribute(name, value)
}

function kind(column) {
  return [column.right ? "right" : "", column.wrap ? "wrap" : ""].filter(Boolean).join(" ")
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  let box = parentElement.querySelector(".reclens-rows")
  if (!box) {
    box = document.createElement("div")
    box.className = "reclens-rows"
    parentElement.appendChild(box)
  }
  box.style.maxHeight = data.height ? `${data.height}px` : ""
  attribute(box, "tabindex", data.height ? "0" : "")
  const table = child(box, 0, "table")
  attribute(table, "aria-label", data.alt)
  const head = child(child(table, 0, "thead"), 0, "tr")
  data.columns.forEach((column, at) => {
    const cell = child(head, at, "th")
    attribute(cell, "scope", "col")
    attribute(cell, "title", column.help)
    attribute(cell, "class", kind(column))
    text(cell, column.name)
  })
  trim(head, data.columns.length)
  const body = child(table, 1, "tbody")
  data.rows.forEach((values, index) => {
    const row = child(body, index, "tr")
    attribute(row, "aria-current", index === data.selected ? "true" : "")
    const label = data.labels[index]
    const pick = data.pick === null ? null : () => setTriggerValue("picked", index)
    attribute(row, "class", pick && !label ? "pick" : "")
    attribute(row, "title", data.titles[index])
    row.onclick = label ? null : pick
    values.forEach((value, at) => {
      const cell = child(row, at, "td")
      attribute(cell, "class", kind(data.columns[at]))
      if (at !== data.pick) {
        text(cell, value)
        return
      }
      if (cell.firstChild && cell.firstChild.nodeType === Node.TEXT_NODE) cell.textContent = ""
      const button = child(cell, 0, "button", "button")
      attribute(button, "title", label || value)
      attribute(button, "aria-label", label)
      button.onclick = label ? pick : null
      text(button, value)
    })
    trim(row, values.length)
  })
  trim(body, data.rows.length)
}
