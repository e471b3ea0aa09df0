// The first report: three figures and a bar chart, drawn as SVG by hand because the page's policy allows no inline style.

const SVG = "http://www.w3.org/2000/svg";
const ROW = 44;
const LABEL_WIDTH = 150;
const CHART_WIDTH = 640;

/** Fill the report view from the session's state. */
export function showReport(view, state) {
  const { report, saved } = state;
  view.querySelector("#figure-contacts").textContent = report.contacts;
  view.querySelector("#figure-companies").textContent = report.companies;
  view.querySelector("#figure-invited").textContent = Object.keys(saved["invite-team"] ?? {}).length;
  const group = view.querySelector("#report-group");
  const draw = () => drawChart(view.querySelector("#report-chart"), group, report[group.value]);
  group.addEventListener("change", draw);
  draw();
}

function drawChart(figure, group, bars) {
  const caption = document.createElement("figcaption");
  caption.textContent = `Contacts by ${group.selectedOptions[0].textContent.toLowerCase()}`;
  const largest = Math.max(1, ...bars.map((bar) => bar.count));
  const chart = element("svg", { viewBox: `0 0 ${CHART_WIDTH} ${bars.length * ROW}`, role: "img" });
  chart.setAttribute("aria-label", bars.map((bar) => `${bar.label}: ${bar.count}`).join(", "));
  bars.forEach((bar, index) => chart.append(...drawBar(bar, index, largest)));
  figure.replaceChildren(caption, chart);
}

function drawBar({ label, count }, index, largest) {
  const middle = index * ROW + ROW / 2;
  const longest = CHART_WIDTH - LABEL_WIDTH - 50;
  const width = Math.max(3, (count / largest) * longest);
  return [
    element("text", { x: 0, y: middle, class: "bar-label" }, label),
    element("rect", { x: LABEL_WIDTH, y: middle - 12, width, height: 24, rx: 5, class: "bar" }),
    element("text", { x: LABEL_WIDTH + width + 10, y: middle, class: "bar-count" }, String(count)),
  ];
}

function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
