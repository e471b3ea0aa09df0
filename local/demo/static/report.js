// The first report: three figures and a bar chart. A bar's length is set as a style property, not as a style
// attribute, which is what the page's policy allows.

/** Fill the report view from the session's state. */
export function showReport(view, state) {
  const { report, saved } = state;
  view.querySelector("#figure-contacts").textContent = report.contacts;
  view.querySelector("#figure-companies").textContent = report.companies;
  view.querySelector("#figure-invited").textContent = Object.keys(saved["invite-team"] ?? {}).length;
  const figure = view.querySelector("#report-chart");
  const group = view.querySelector("#report-group");
  const draw = () => drawChart(figure, group.selectedOptions[0].textContent, report[group.value]);
  group.addEventListener("change", draw);
  draw();
}

function drawChart(figure, grouping, rows) {
  const caption = create("figcaption", "visually-hidden", `Contacts by ${grouping.toLowerCase()}`);
  const largest = Math.max(1, ...rows.map((row) => row.count));
  const chart = create("ol", "bars");
  chart.append(...rows.map((row) => drawRow(row, row.count / largest)));
  figure.replaceChildren(caption, chart);
}

function drawRow({ label, count }, share) {
  const row = create("li");
  const track = create("span", "track");
  const bar = create("span", "bar");
  bar.style.width = `${Math.round(share * 100)}%`;
  track.append(bar, create("b", "", String(count)));
  row.append(create("span", "bar-label", label), " ", track);
  return row;
}

function create(name, className = "", text = "") {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  return node;
}
