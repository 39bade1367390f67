// Printing: a map for paper is drawn anew at the scale of the sheet, with all a map must carry.
import { day, h, number } from "./format.js";
import { cloneMap } from "./map.js";
import { layoutOf, MM, north, scaleBar, scaleOf, SCALES, ticks, zoomOf } from "./paper.js";
import { language, t } from "./words.js";

const SHARP = { A4: 2.5, A3: 2 };

export function createPrint(map, description, card, modes, panel) {
  const sheet = document.getElementById("sheet");
  const asked = { paper: "A4", orientation: "landscape", title: "", scale: 0 };
  document.getElementById("print").addEventListener("click", form);

  function form() {
    const select = (name, label, options) => h("label.field", {}, h("span", {}, label), h("select", { name, onchange: (event) => { asked[name] = name === "scale" ? Number(event.target.value) : event.target.value; } }, ...options.map(([value, text]) => h("option", { value, selected: String(value) === String(asked[name]) }, text))));
    card.show([h("h2", {}, t("print_title")), h("p.sub", {}, t("print_about")),
      h("form", { onsubmit: (event) => { event.preventDefault(); make(event.submitter); } },
        h("label.field", {}, h("span", {}, t("sheet_title")), h("input", { value: asked.title, placeholder: usualTitle(), maxlength: "80", oninput: (event) => { asked.title = event.target.value.trim(); } })),
        h("div.pair", {}, select("paper", t("paper"), [["A4", "A4"], ["A3", "A3"]]), select("orientation", t("orientation"), [["landscape", t("landscape")], ["portrait", t("portrait")]])),
        select("scale", t("scale_of_map"), [[0, t("scale_auto")], ...SCALES.map((one) => [one, `1 : ${number(one, 0)}`])]),
        h("div.actions", {}, h("button.primary", { type: "submit" }, t("make_sheet"))))]);
  }

  const usualTitle = () => { const [only, ...more] = panel.shown().plans; return only && !more.length ? only.title : `${t("plan")} ${description.name}`; };

  // The smallest usual scale at which the sheet still holds what the screen shows.
  function scaleFor(layout, lat) {
    if (asked.scale) return asked.scale;
    const canvas = map.getCanvas(), hidden = innerWidth > 700 ? 364 : 0, across = canvas.clientWidth - hidden;
    const now = scaleOf(map.getZoom(), lat) * Math.max(across / MM / layout.map.width, canvas.clientHeight / MM / layout.map.height);
    return SCALES.find((one) => one >= now * 0.98) ?? Math.round(now);
  }

  // The middle of what is seen beside the panel, not of the window behind it.
  function middle() {
    const canvas = map.getCanvas(), left = innerWidth > 700 ? 364 : 0;
    return map.unproject([(left + canvas.clientWidth) / 2, canvas.clientHeight / 2]);
  }

  async function make(button) {
    button.disabled = true;
    const layout = layoutOf(asked.paper, asked.orientation), center = middle(), scale = scaleFor(layout, center.lat);
    const frame = h("div.drawing", { style: { width: `${layout.map.width * MM}px`, height: `${layout.map.height * MM}px` } });
    document.body.append(frame);
    const paper = await cloneMap(map, frame, (style) => style, { center, zoom: zoomOf(scale, center.lat), interactive: false, pixelRatio: SHARP[layout.paper] });
    await new Promise((done) => { paper.once("idle", done); paper.triggerRepaint(); });
    const box = paper.getBounds();
    const bounds = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
    const content = page(layout, scale, paper.getCanvas().toDataURL("image/png"), bounds, panel.legend.lists(paper));
    paper.remove();
    frame.remove();
    open(layout, content);
    button.disabled = false;
  }

  function page(layout, scale, picture, bounds, legend) {
    const drawn = h("figure", { style: { width: `${layout.map.width}mm`, height: `${layout.map.height}mm` } }, h("img", { src: picture, alt: t("map_on_paper") }), ticks(bounds, layout.map));
    const head = h("header", {}, h("img", { src: "/web/mark.svg", alt: "" }), h("div", {}, h("h1", {}, asked.title || usualTitle()), h("p", {}, description.name)), h("p.when", {}, stamp()));
    const measure = h("div.measure", {}, north(), h("div", {}, h("b", {}, `${t("scale_word")} 1 : ${number(scale, 0)}`), scaleBar(scale, layout.orientation === "landscape" ? layout.beside - 26 : 60)));
    return h(`article.paper.${layout.orientation}`, { style: { width: `${layout.inner.width}mm`, height: `${layout.inner.height}mm` } }, head, drawn,
      h("aside", { style: layout.orientation === "landscape" ? { width: `${layout.beside}mm` } : { height: `${layout.beside}mm` } }, measure, h("div.keys", {}, h("h2", {}, t("legend")), ...legend), sources()));
  }

  const stamp = () => `${new Intl.DateTimeFormat(language() === "id" ? "id-ID" : "en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "Asia/Jakarta" }).format(new Date())} WIB`;

  // Where every layer on the sheet comes from: instrument, scale of the source, version.
  function sources() {
    const { plans, layers } = panel.shown();
    const line = (layer) => h("li", {}, h("b", {}, language() === "id" ? layer.title : layer.title_en), [layer.legal_ref, layer.valid_from && `${t("since")} ${day(layer.valid_from)}`, layer.scale && `1:${number(layer.scale, 0)}`, `${t("version")} ${layer.version}`].filter(Boolean).map((text) => `, ${text}`).join(""));
    return h("div.sources", {}, h("h2", {}, t("sources")), h("ul", {}, ...[...plans, ...layers].map(line)),
      h("p", {}, t("paper_note")), description.official ? null : h("p.contoh", {}, t("notice")));
  }

  function open(layout, content) {
    document.getElementById("page-size")?.remove();
    document.head.append(h("style", { id: "page-size" }, `@page { size: ${layout.width}mm ${layout.height}mm; margin: ${layout.margin}mm; }`));
    const close = () => { sheet.hidden = true; document.body.classList.remove("sheet"); document.getElementById("page-size")?.remove(); document.getElementById("print").focus(); };
    sheet.replaceChildren(h("div.bar-top", {}, h("b", {}, `${layout.paper} · ${t(layout.orientation)}`), h("button.primary", { type: "button", onclick: () => print() }, t("print")), h("button.plain", { type: "button", onclick: close }, t("close"))), h("div.desk", { tabindex: "0" }, h("div.page", { style: { padding: `${layout.margin}mm`, width: `${layout.width}mm`, height: `${layout.height}mm` } }, content)));
    sheet.onkeydown = (event) => { if (event.key === "Escape") close(); };
    sheet.hidden = false;
    document.body.classList.add("sheet");
    shrink(content.querySelector(".keys"));
    sheet.querySelector("button").focus();
  }

  // A long legend is set in two columns and smaller until it fits; if it cannot, that is said.
  function shrink(keys) {
    const over = () => keys.scrollHeight > keys.clientHeight + 1 || keys.scrollWidth > keys.clientWidth + 1;
    if (over()) keys.classList.add("long");
    for (let size = 8; size >= 5 && over(); size -= 0.5) keys.style.fontSize = `${size}pt`;
    if (over()) keys.before(h("p.contoh", {}, t("legend_cut")));
  }
}
