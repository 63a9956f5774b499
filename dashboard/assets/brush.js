// Tells the server which ranges a person marked on the axes of Plotly's parallel coordinates: Streamlit passes on
// chosen points, boxes and lassos only. The chart is drawn anew whenever it changes, so the newest one is listened to.
const LOOK_MS = 200

export default function ({ data, setTriggerValue }) {
  let heard
  const listen = () => {
    const chart = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`)
    if (!chart || chart === heard || !chart.on) return
    heard = chart
    chart.on("plotly_restyle", () => {
      const marked = chart.data[0].dimensions.filter((axis) => axis.constraintrange?.length === 2)
      setTriggerValue("ranges", Object.fromEntries(marked.map((axis) => [axis.name, axis.constraintrange])))
    })
  }
  listen()
  const timer = setInterval(listen, LOOK_MS)
  return () => clearInterval(timer)
}
