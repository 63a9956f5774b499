// Another page begins at its top: Streamlit keeps how far the last one was scrolled.
let shown

export default function ({ data }) {
  if (data.page === shown) return
  shown = data.page
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0)
}
