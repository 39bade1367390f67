"""Words of explanations, Indonesian and English, with the same fields in both."""

from __future__ import annotations

from typing import Final

from zoning.words import VERDICTS

__all__ = ["CLASSES", "PARAMETERS", "REASON_WORDS", "TEXTS", "VERDICT_WORDS"]

CLASSES: Final[dict[str, dict[str, str]]] = {
    "id": {
        "I": "diperbolehkan",
        "T": "diperbolehkan secara terbatas",
        "B": "diperbolehkan dengan syarat",
        "TB": "diperbolehkan secara terbatas dan dengan syarat",
        "X": "tidak diperbolehkan",
    },
    "en": {
        "I": "permitted",
        "T": "permitted within limits",
        "B": "permitted under conditions",
        "TB": "permitted within limits and under conditions",
        "X": "not permitted",
    },
}
#: The words before the colon: what follows there explains the verdict, which a sentence does.
VERDICT_WORDS: Final[dict[str, dict[str, str]]] = {
    "id": {code: words.id.partition(":")[0] for code, words in VERDICTS.items()},
    "en": {code: words.en.partition(":")[0] for code, words in VERDICTS.items()},
}
REASON_WORDS: Final[dict[str, dict[str, str]]] = {
    "id": {
        "TANPA_CAKUPAN": "tidak ada rencana di sana",
        "SEL_KOSONG": "sel matriks atau kelas luas kosong",
        "KEGIATAN_TIDAK_TERCANTUM": "kegiatan tidak tercantum",
        "BATAS_TIDAK_PASTI": "batas berada dalam ketelitian peta",
        "KONFLIK_RENCANA": "rencana saling bertentangan",
        "STATUS_HUTAN_BELUM_SELESAI": "status kawasan hutan belum selesai",
        "DATA_KEDALUWARSA": "data tidak terbaca",
        "BAHAYA_TIDAK_DIKETAHUI": "kelas bahayanya tidak diketahui",
        "KAJIAN_BAHAYA": "kajian bahaya belum ada",
        "INPUT_KURANG": "data kurang untuk memastikan",
    },
    "en": {
        "TANPA_CAKUPAN": "no plan covers it",
        "SEL_KOSONG": "the cell or size class is blank",
        "KEGIATAN_TIDAK_TERCANTUM": "the activity is not listed",
        "BATAS_TIDAK_PASTI": "a boundary lies within the accuracy of the map",
        "KONFLIK_RENCANA": "plans contradict each other",
        "STATUS_HUTAN_BELUM_SELESAI": "the forest status is unresolved",
        "DATA_KEDALUWARSA": "data cannot be read",
        "BAHAYA_TIDAK_DIKETAHUI": "the hazard class is not known",
        "KAJIAN_BAHAYA": "a study of the hazard is lacking",
        "INPUT_KURANG": "data are lacking to be sure",
    },
}
PARAMETERS: Final[dict[str, dict[str, str]]] = {
    "id": {
        "kdb_maks": "Koefisien dasar bangunan (KDB)",
        "klb_maks": "Koefisien lantai bangunan (KLB)",
        "kdh_min": "Koefisien dasar hijau (KDH)",
        "ktb_maks": "Koefisien tapak basement (KTB)",
        "kwt_maks": "Koefisien wilayah terbangun (KWT)",
        "tinggi_maks_m": "Tinggi bangunan",
        "lantai_maks": "Jumlah lantai",
        "gsb_min_m": "Garis sempadan bangunan (GSB)",
        "jbs_min_m": "Jarak bebas samping",
        "jbb_min_m": "Jarak bebas belakang",
        "kavling_min_m2": "Luas kavling",
    },
    "en": {
        "kdb_maks": "Building coverage (KDB)",
        "klb_maks": "Floor-area ratio (KLB)",
        "kdh_min": "Green coverage (KDH)",
        "ktb_maks": "Basement coverage (KTB)",
        "kwt_maks": "Built-up coverage (KWT)",
        "tinggi_maks_m": "Building height",
        "lantai_maks": "Number of floors",
        "gsb_min_m": "Setback to the road (GSB)",
        "jbs_min_m": "Side clearance",
        "jbb_min_m": "Rear clearance",
        "kavling_min_m2": "Plot area",
    },
}
TEXTS: Final[dict[str, dict[str, str]]] = {
    "id": {
        "matrix": "{kegiatan} di zona {zona} {izin}",
        "area": " ({area} dari persil).",
        "sliver": (
            "Strip {area} di zona {zona} tidak lebih lebar dari ketelitian peta; "
            "bila benar di sana: {sentence}."
        ),
        "undecided": (
            "Pada ketelitian peta {ce90} m persil dapat terletak di salah satu dari {zona}; "
            "{kegiatan} di sana {izin}."
        ),
        "between": "antara {low} dan {high}",
        "because": " Belum pasti: {reason}.",
        "unknown_activity": 'Kegiatan "{kegiatan}" tidak tercantum dalam matriks.',
        "suggestion": " Mungkin yang dimaksud: {names}.",
        "no_activity": "Permohonan tidak menyebut kegiatan atau KBLI.",
        "prohibited": "{name} melarangnya pada {area}.",
        "conditional": "{name} mensyaratkan hal tambahan pada {area}.",
        "maybe_prohibited": "{name} mungkin melarangnya pada {area}.",
        "maybe_conditional": "{name} mungkin mensyaratkan hal tambahan pada {area}.",
        "exempted": " Dikecualikan: {pengecualian} (dokumen {dokumen}).",
        "unreadable": "{name} tidak dapat dinilai: {sebab}",
        "limit_changed": "{name} mengubah batas {parameter} menjadi {limit}.",
        "not_granted": (
            "{name}: kelonggaran {parameter} sampai {limit} tidak diterapkan, "
            "karena tidak ada persetujuan yang disebut."
        ),
        "hazard_class": "{name}: kelas {kelas} pada {area} ({share} dari persil); ",
        "hazard_near": (
            "{name}: kelas {kelas} terletak dalam ketelitian peta {ce90} m dari persil; "
            "belum pasti apakah mengenainya."
        ),
        "hazard_blank": (
            "{name}: {area} ({share} dari persil) tidak terpetakan; itu tidak berarti aman."
        ),
        "hazard_unruled": (
            "{name}: kelas {kelas} pada {area} ({share} dari persil) tidak diatur rencana."
        ),
        "hazard_larang": "kegiatan dilarang.",
        "hazard_larang_sebagian": "kegiatan dilarang di bagian itu.",
        "hazard_kajian": "wajib kajian lebih dahulu.",
        "hazard_syarat": "bersyarat mitigasi.",
        "hazard_bebas": "tanpa pembatasan.",
        "hazard_di_bawah_ambang": "di bawah ambang yang dikenai.",
        "intensity": "{parameter} di {zona} {measured}; {bound}: {state}.",
        "at_most": "paling tinggi {limit}",
        "at_least": "paling rendah {limit}",
        "kept": "terpenuhi",
        "broken": "tidak terpenuhi",
        "open": "tidak dapat dipastikan",
        "advice": " Lebih/kurang {over}; yang masih sesuai {saran}.",
        "derived": " Paling besar, dihitung dari {dari}.",
        "unstated": (
            "{parameter} di {zona} dibatasi {limit}, tetapi permohonan tidak menyebut {kolom}."
        ),
        "area_differs": (
            "Luas peta {measured} berbeda {selisih} % dari sertipikat {limit}; "
            "batas dihitung atas luas yang lebih kecil."
        ),
        "drawn_differs": (
            "Gambar menunjukkan {kolom} {measured}, permohonan menyebut {declared}; "
            "yang dinilai adalah yang lebih berat."
        ),
        "outside": "Tapak bangunan keluar {area} dari persilnya.",
        "overlap": "Kesalahan rencana: zona {zona} saling menindih pada {area}; semuanya dinilai.",
        "uncovered": "{area} dari persil tidak tercakup rencana mana pun yang berlaku.",
        "conflict": "{rencana} berkata {izin}, sedangkan rencana yang memutus {pemutus}.",
        "input": "Tidak dapat dinilai: {sebab}",
        "floors": "lantai",
    },
    "en": {
        "matrix": "{kegiatan} in zone {zona} is {izin}",
        "area": " ({area} of the parcel).",
        "sliver": (
            "A strip of {area} in zone {zona} is no wider than the map is accurate; "
            "if it is there: {sentence}."
        ),
        "undecided": (
            "At a map accuracy of {ce90} m the parcel may lie in one of {zona}; "
            "{kegiatan} there is {izin}."
        ),
        "between": "between {low} and {high}",
        "because": " Not certain: {reason}.",
        "unknown_activity": 'The activity "{kegiatan}" is not in the matrix.',
        "suggestion": " Perhaps meant: {names}.",
        "no_activity": "The application names no activity and no KBLI.",
        "prohibited": "{name} prohibits it on {area}.",
        "conditional": "{name} adds conditions on {area}.",
        "maybe_prohibited": "{name} may prohibit it on {area}.",
        "maybe_conditional": "{name} may add conditions on {area}.",
        "exempted": " Exempted: {pengecualian} (document {dokumen}).",
        "unreadable": "{name} cannot be assessed: {sebab}",
        "limit_changed": "{name} changes the limit of {parameter} to {limit}.",
        "not_granted": (
            "{name}: the relaxation of {parameter} to {limit} is not applied, "
            "because no grant was named."
        ),
        "hazard_class": "{name}: class {kelas} on {area} ({share} of the parcel); ",
        "hazard_near": (
            "{name}: class {kelas} lies within the map's accuracy of {ce90} m from the parcel; "
            "whether it meets it is not certain."
        ),
        "hazard_blank": (
            "{name}: {area} ({share} of the parcel) are not mapped; that does not mean safe."
        ),
        "hazard_unruled": (
            "{name}: the plan says nothing of class {kelas} on {area} ({share} of the parcel)."
        ),
        "hazard_larang": "the activity is prohibited.",
        "hazard_larang_sebagian": "the activity is prohibited on that part.",
        "hazard_kajian": "a study is required first.",
        "hazard_syarat": "mitigation conditions apply.",
        "hazard_bebas": "no restriction.",
        "hazard_di_bawah_ambang": "below the share from which it counts.",
        "intensity": "{parameter} in {zona} is {measured}; {bound} is allowed: {state}.",
        "at_most": "at most {limit}",
        "at_least": "at least {limit}",
        "kept": "met",
        "broken": "not met",
        "open": "cannot be made sure",
        "advice": " Off by {over}; {saran} would still conform.",
        "derived": " At most, from {dari}.",
        "unstated": (
            "{parameter} in {zona} is limited to {limit}, but the application gives no {kolom}."
        ),
        "area_differs": (
            "The mapped area of {measured} differs by {selisih} % from the registered {limit}; "
            "limits are taken of the smaller."
        ),
        "drawn_differs": (
            "The drawing shows {kolom} {measured}, the application says {declared}; "
            "the worse of the two is judged."
        ),
        "outside": "The building reaches {area} beyond its parcel.",
        "overlap": "A fault of the plan: zones {zona} overlap on {area}; all of them count.",
        "uncovered": "{area} of the parcel lie in no plan in force.",
        "conflict": "{rencana} says {izin}, the deciding plan {pemutus}.",
        "input": "Cannot be assessed: {sebab}",
        "floors": "floors",
    },
}
