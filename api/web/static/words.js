// Words of the page, Indonesian first; the choice is kept on this device.
const WORDS = {
  id: {
    skip: "Langsung ke pencarian", title: "Tata ruang", draw: "Gambar", open: "Berkas", print: "Cetak", hazard_tool: "Bahaya", activity_tool: "Kegiatan",
    hazard: "Paparan bahaya", hazard_about: "Siapa dan apa yang berada di tiap kelas bahaya, desa demi desa. Yang tidak dipetakan bukan berarti aman.", hazard_map: "Peta bahaya", hazard_of: "Yang dihitung", no_hazard: "Ruang kerja ini belum memuat peta bahaya.",
    ofs: { bangunan: "Bangunan", lahan: "Lahan", jalan: "Jalan" }, classes: { tidak_ada: "Tidak ada", rendah: "Rendah", sedang: "Sedang", menengah: "Menengah", tinggi: "Tinggi", tanpa_data: "Tanpa data", luar_cakupan: "Di luar peta" },
    draw_area: "Gambar wilayah", whole: "Seluruh wilayah", area_hint: "Klik sudut-sudut wilayah. Enter atau klik ganda: selesai · Esc: batal", class: "Kelas", amount: "Jumlah", total: "Jumlah", unclear: "Peta bahaya tidak mencakup sebagian wilayah: itu bukan berarti aman.",
    by_village: "Menurut desa", village: "Desa", exposed: "Terpapar", closes: "Bagian ditambah celah sama dengan keseluruhan", residual: "selisih", csv: "Unduh CSV",
    where: "Kegiatan boleh di mana?", where_about: "Zona diwarnai menurut izin bagi satu kegiatan. Ketentuan khusus di suatu tempat tetap harus diperiksa per persil.", show_where: "Tampilkan", clear: "Kembali ke warna zona",
    record: "Catat dan buat pendapat teknis", opinion: "Buka pendapat teknis", no_register: "Layanan ini tidak menyimpan register.",
    layers: "Rencana dan layer", drop: "Lepaskan berkas persil di sini", plan: "Rencana pola ruang", all_plans: "Semua, yang paling rinci di atas", overlays: "Layer lain",
    legend: "Legenda di layar", opacity: "Kepekatan", search: "Desa, kode, atau koordinat", none: "Tidak ditemukan",
    outside: "di luar wilayah kerja", desa: "desa", kecamatan: "kecamatan", kabkota: "kabupaten/kota", koordinat: "koordinat",
    place: "Keterangan tempat", uncovered: "Di luar cakupan rencana",
    uncovered_long: "Tidak ada rencana di ruang kerja ini yang mencakup titik ini. Itu tidak berarti diperbolehkan: tanyakan rencana yang berlaku.",
    also: "Juga di sini", nothing_else: "Tidak ada layer lain di titik ini.", copy: "salin", copied: "Disalin",
    draw_hint: "Klik sudut-sudut persil. Enter atau klik ganda: selesai · Backspace: hapus sudut · Esc: batal",
    parcel: "Persil", kegiatan: "Kegiatan", kegiatan_hint: "misalnya rumah tunggal", tapak: "Luas lantai dasar (m²)", lantai: "Jumlah lantai",
    luas_lantai: "Luas seluruh lantai (m²)", hijau: "Luas hijau (m²)", tinggi: "Tinggi (m)", sertipikat: "Luas sertipikat (m²)", tanggal: "Dinilai per tanggal",
    check: "Periksa kesesuaian", optional: "Kosongkan yang tidak diketahui.", drawn_area: "Luas gambar",
    parts: "Persil menurut zona", zone: "Zona", area: "Luas", share: "Bagian", izin: "Izin", findings: "Temuan", conditions: "Syarat dan pembatasan",
    data: "Data yang digunakan", json: "Unduh JSON", geojson: "Unduh GeoJSON", approvable: "Bagian dapat disetujui", again: "Ubah isian",
    plan_used: "Rencana", engine: "Mesin", on: "Menurut hukum per", interval: "Rentang penilaian", sliver: "dalam ketelitian peta",
    measured: "terukur", limit: "batas", ok: "Terpenuhi", limited: "Dengan syarat", no: "Tidak diperbolehkan", unknown: "Belum dapat dipastikan",
    notice: "Contoh, bukan data resmi: wilayah, rencana, dan permohonan ini rekaan.",
    busy: "Layanan sedang sibuk; coba beberapa detik lagi.", offline: "Layanan tidak terjangkau. Periksa jaringan kantor.",
    starting: "Layanan sedang dimulai …", not_polygon: "Berkas tidak memuat poligon persil.", many: "persil", results: "Hasil pemeriksaan",
    distance: "jarak ke batas zona", within_accuracy: "dalam batas ketelitian peta", scale: "skala", accuracy: "ketelitian", close: "Tutup",
    unreadable: "tidak terbaca", version: "versi", plan_unread: "Peta rencana ini tidak terbaca; jawabannya belum dapat dipastikan.",
    not_covering: "Tidak mencakup tempat ini", intensity: "Intensitas", activities: "Kegiatan di zona ini", filter: "Saring kegiatan", blank: "Sel kosong: belum diatur", possible: "mungkin", kinds: { matriks: "Kegiatan dalam zona", ketentuan_khusus: "Ketentuan khusus", intensitas: "Intensitas", luas: "Luas", cakupan: "Cakupan rencana", konflik: "Kesesuaian antar-rencana", tapak: "Tapak bangunan", masukan: "Data permohonan" },
    rules: { kdb_maks: "KDB", klb_maks: "KLB", kdh_min: "KDH", ktb_maks: "KTB", kwt_maks: "KWT", kavling_min_m2: "Luas kavling", gsb_min_m: "GSB", jbs_min_m: "Jarak bebas samping", jbb_min_m: "Jarak bebas belakang", tinggi_maks_m: "Tinggi bangunan", lantai_maks: "Jumlah lantai" },
  },
  en: {
    skip: "Skip to search", title: "Spatial plan", draw: "Draw", open: "File", print: "Print", hazard_tool: "Hazard", activity_tool: "Activity",
    hazard: "Hazard exposure", hazard_about: "Who and what stands in each class of hazard, village by village. What is not mapped is not thereby safe.", hazard_map: "Hazard map", hazard_of: "What is counted", no_hazard: "This workspace has no hazard map yet.",
    ofs: { bangunan: "Buildings", lahan: "Land", jalan: "Roads" }, classes: { tidak_ada: "None", rendah: "Low", sedang: "Medium", menengah: "Medium", tinggi: "High", tanpa_data: "No data", luar_cakupan: "Outside the map" },
    draw_area: "Draw an area", whole: "Whole workspace", area_hint: "Click the corners of the area. Enter or double click: done · Esc: cancel", class: "Class", amount: "Amount", total: "Total", unclear: "The hazard map does not cover all of the area: that does not mean safe.",
    by_village: "By village", village: "Village", exposed: "Exposed", closes: "Parts plus gap equal the whole", residual: "difference", csv: "Download CSV",
    where: "Where may an activity go?", where_about: "Zones are coloured by what one activity is allowed. Special rules of a place still need a check of the parcel.", show_where: "Show", clear: "Back to zone colours",
    record: "Record and make the opinion", opinion: "Open the opinion", no_register: "This service keeps no register.",
    layers: "Plans and layers", drop: "Drop the parcel file here", plan: "Zoning plan", all_plans: "All, the most detailed on top", overlays: "Other layers",
    legend: "Legend of the view", opacity: "Opacity", search: "Village, code or coordinates", none: "Nothing found",
    outside: "outside the workspace", desa: "village", kecamatan: "sub-district", kabkota: "district", koordinat: "coordinates",
    place: "This place", uncovered: "Outside every plan",
    uncovered_long: "No plan of this workspace covers this point. That does not mean permitted: ask which plan is in force.",
    also: "Also here", nothing_else: "No other layer at this point.", copy: "copy", copied: "Copied",
    draw_hint: "Click the corners of the parcel. Enter or double click: done · Backspace: remove corner · Esc: cancel",
    parcel: "Parcel", kegiatan: "Activity", kegiatan_hint: "such as rumah tunggal", tapak: "Ground-floor area (m²)", lantai: "Floors",
    luas_lantai: "Area of all floors (m²)", hijau: "Green area (m²)", tinggi: "Height (m)", sertipikat: "Registered area (m²)", tanggal: "By the law of",
    check: "Check conformity", optional: "Leave out what is unknown.", drawn_area: "Drawn area",
    parts: "The parcel by zone", zone: "Zone", area: "Area", share: "Share", izin: "Permission", findings: "Findings", conditions: "Conditions and limits",
    data: "Data used", json: "Download JSON", geojson: "Download GeoJSON", approvable: "Part that can be approved", again: "Change fields",
    plan_used: "Plan", engine: "Engine", on: "By the law of", interval: "Range of the assessment", sliver: "within map accuracy",
    measured: "measured", limit: "limit", ok: "Met", limited: "With conditions", no: "Not permitted", unknown: "Cannot be determined",
    notice: "Sample, no official data: this district, its plans and applications are invented.",
    busy: "The service is busy; try again in some seconds.", offline: "The service cannot be reached. Check the office network.",
    starting: "The service is starting …", not_polygon: "The file holds no parcel polygon.", many: "parcels", results: "Results",
    distance: "distance to the zone boundary", within_accuracy: "within the accuracy of the map", scale: "scale", accuracy: "accuracy", close: "Close",
    unreadable: "unreadable", version: "version", plan_unread: "The map of this plan cannot be read; the answer is not settled.",
    not_covering: "Not covering this place", intensity: "Intensity", activities: "Activities in this zone", filter: "Filter activities", blank: "Blank cell: not regulated", possible: "possible", kinds: { matriks: "Activity in the zone", ketentuan_khusus: "Special provision", intensitas: "Intensity", luas: "Area", cakupan: "Coverage of plans", konflik: "Agreement of plans", tapak: "Footprint", masukan: "Application data" },
    rules: { kdb_maks: "KDB (coverage)", klb_maks: "KLB (floor area)", kdh_min: "KDH (green)", ktb_maks: "KTB", kwt_maks: "KWT", kavling_min_m2: "Plot", gsb_min_m: "Setback", jbs_min_m: "Side setback", jbb_min_m: "Rear setback", tinggi_maks_m: "Height", lantai_maks: "Floors" },
  },
};

let chosen = "id";
try { chosen = localStorage.getItem("language") === "en" ? "en" : "id"; } catch { /* storage may be forbidden; Indonesian then */ }

export const language = () => chosen;
export const t = (key) => WORDS[chosen][key] ?? key;

export function setLanguage(name) {
  chosen = name;
  try { localStorage.setItem("language", name); } catch { /* the choice then lasts for this page */ }
}

export function translatePage() {
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  document.getElementById("search").placeholder = t("search");
  document.getElementById("close").ariaLabel = t("close");
}
