"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  // Okabe & Ito (2008), as in the other pictures
  const palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", dark ? "#DDDDDD" : "#222222"];
  const symbols = {
    2: ["circle", "triangle-up", "square", "diamond", "triangle-down", "cross", "x"],
    // drawn as letters: others are missing in many fonts
    3: ["circle", "square", "diamond", "cross", "circle-open", "square-open", "diamond-open"],
  };
  const ink = dark ? "#e8eaed" : "#1c2126", soft = dark ? "#a3abb4" : "#5a636c", line = dark ? "#363d45" : "#d8dce1";
  const ground = dark ? "#1b1f24" : "#ffffff";
  const webgl = (() => {
    try { return Boolean(document.createElement("canvas").getContext("webgl")); } catch { return false; }
  })();
  // the drawing library reads labels as HTML: names may hold anything
  const escaped = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
  const short = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;
  const shown = (colour, row) => {
    const value = colour.values[row];
    if (value === null || value === undefined || value < 0 && colour.levels) return "unknown";
    return colour.levels ? colour.levels[value] : String(Number(value.toPrecision(4)));
  };
  const time = row => {
    const start = data.starts[row], end = data.ends[row];
    if (start === 0 && (end === null || !data.parts)) return "";
    return `${start.toFixed(2)} s to ${end === null ? "the end" : end.toFixed(2) + " s"}`;
  };
  const hover = data.names.map((name, row) => [
    `<b>${escaped(short(name, 60))}</b>`,
    ...(time(row) ? [time(row)] : []),
    ...data.colours.map(colour => `${escaped(short(colour.name, 30))}: ${escaped(short(shown(colour, row), 60))}`),
  ].join("<br>"));

  const flat = map => map.dimensions === 3 && !webgl;
  const trace = (map, places, name, marker) => {
    const three = map.dimensions === 3 && webgl;
    const pick = axis => places.map(place => map[axis][place]);
    return {
      type: three ? "scatter3d" : "scatter", mode: "markers", name, x: pick("x"), y: pick("y"),
      ...(three ? { z: pick("z") } : {}),
      customdata: places.map(place => map.rows[place]), text: places.map(place => hover[map.rows[place]]),
      hovertemplate: "%{text}<extra></extra>",
      marker: { size: three ? 3.5 : places.length > 2000 ? 5 : 7, opacity: three ? 1 : 0.8, line: { width: 0 }, ...marker },
    };
  };
  const traces = (map, colour) => {
    const all = map.rows.map((_, place) => place);
    const kinds = symbols[map.dimensions === 3 && webgl ? 3 : 2];
    const known = all.filter(place => shown(colour, map.rows[place]) !== "unknown" || (colour.levels || []).includes("unknown"));
    const unknown = all.filter(place => !known.includes(place));
    const grey = unknown.length ? [trace(map, unknown, `unknown (${unknown.length})`, { color: soft, symbol: "circle-open" })] : [];
    if (!colour.levels) {
      const bar = { title: { text: escaped(short(colour.name, 24)) }, thickness: 14, outlinewidth: 0 };
      const numbers = known.map(place => colour.values[map.rows[place]]);
      return [{ ...trace(map, known, escaped(colour.name), { color: numbers, colorscale: "Viridis", colorbar: bar }), showlegend: false }, ...grey];
    }
    const members = colour.levels.map(() => []);
    for (const place of known) members[colour.values[map.rows[place]]].push(place);
    return [...colour.levels.flatMap((level, number) => members[number].length ? [trace(
      map, members[number], `${escaped(short(level, 28))} (${members[number].length})`,
      { color: palette[number % 7], symbol: kinds[(number + Math.floor(number / 7)) % 7] },
    )] : []), ...grey];
  };
  const layout = map => {
    const axis = number => ({
      title: { text: escaped(map.axes[number] || "") }, showticklabels: Boolean(map.axes[number]), zeroline: false,
      gridcolor: line, color: soft, showbackground: false,
    });
    const common = {
      paper_bgcolor: ground, plot_bgcolor: ground, font: { color: ink, family: "system-ui, sans-serif", size: 13 },
      margin: { l: map.axes.length ? 50 : 15, r: 10, t: 36, b: map.axes.length ? 45 : 15 },
      hovermode: "closest", uirevision: "kept", showlegend: true, hoverlabel: { align: "left" },
      legend: { itemsizing: "constant", ...(innerWidth < 700 ? { orientation: "h", y: map.axes.length ? -0.25 : -0.05 } : {}) },
    };
    if (map.dimensions === 3 && webgl) return { ...common, scene: { xaxis: axis(0), yaxis: axis(1), zaxis: axis(2) } };
    return { ...common, xaxis: axis(0), yaxis: axis(1) };
  };
  // the buttons are named one by one: by default the library has one that sends the data to its maker
  const buttons = {
    2: [["toImage"], ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
    3: [["toImage"], ["orbitRotation", "zoom3d", "pan3d", "resetCameraDefault3d"]],
  };
  const config = {
    responsive: true, displaylogo: false, plotlyServerURL: "", showSendToCloud: false, showLink: false, scrollZoom: false,
  };

  const player = document.getElementById("player"), name = document.getElementById("name"), path = document.getElementById("path");
  const heard = row => {
    const end = data.ends[row];
    player.src = data.addresses[row] + `#t=${data.starts[row]}` + (end === null ? "" : `,${end}`);
    name.textContent = data.names[row] + (time(row) ? `, ${time(row)}` : "");
    path.textContent = data.paths[row];
    player.play().catch(() => {});
  };
  player.addEventListener("error", () => { name.textContent += ": this browser cannot play the file, or it is not there"; });

  const select = document.getElementById("colour");
  data.colours.forEach((colour, number) => select.add(new Option(colour.name, number)));
  if (data.colours.length < 2) select.parentElement.hidden = true;
  const nothing = { name: "", values: [], levels: ["samples"] };
  const draw = () => data.maps.forEach((map, number) => {
    const colour = data.colours[select.value] || { ...nothing, values: data.names.map(() => 0) };
    const place = document.getElementById(`map${number}`);
    document.getElementById(`flat${number}`).hidden = !flat(map);
    const modeBarButtons = buttons[map.dimensions === 3 && webgl ? 3 : 2];
    Plotly.react(place, traces(map, colour), layout(map), { ...config, modeBarButtons });
    if (!place.listening) {
      place.on("plotly_click", event => heard(event.points[0].customdata));
      place.listening = true;
    }
  });
  select.addEventListener("change", draw);
  draw();
})();
