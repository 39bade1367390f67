"""Words, colours and signs of verdicts: never colour alone, Indonesian first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["IZIN", "REASONS", "VERDICTS", "VerdictWords"]


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """How a verdict is shown: words in two languages, colour, sign in text and its SVG path.

    `path` draws the sign in a 24 x 24 box with a stroke and no fill.
    """

    code: str
    id: str
    en: str
    colour: str
    sign: str
    terminal: str
    path: str


_CHECK: Final = "M4 12.5 L9.5 18 L20 6"
VERDICTS: Final[dict[str, VerdictWords]] = {
    words.code: words
    for words in (
        VerdictWords("SESUAI", "Sesuai", "Conforms", "#1b7f4b", "✓", "green", _CHECK),
        VerdictWords(
            "SESUAI_TERBATAS",
            "Sesuai, dengan pembatasan",
            "Conforms, with limits",
            "#5a9e2f",
            "✓|",
            "bright_green",
            "M3 12.5 L8 17.5 L16.5 6 M21 4 L21 20",
        ),
        VerdictWords(
            "SESUAI_BERSYARAT",
            "Sesuai, dengan syarat",
            "Conforms, with conditions",
            "#b7791f",
            "✓≡",
            "yellow",
            "M2 11 L6 15 L12 6 M15 7 L22 7 M15 12 L22 12 M15 17 L22 17",
        ),
        VerdictWords(
            "DISETUJUI_SEBAGIAN",
            "Disetujui sebagian",
            "Approved in part",
            "#c05621",
            "◐",
            "dark_orange",
            "M12 3 A9 9 0 1 0 12 21 A9 9 0 1 0 12 3 M12 3 L12 21 M8 5 L8 19 M5 8 L5 16",
        ),
        VerdictWords(
            "TIDAK_SESUAI",
            "Tidak sesuai",
            "Does not conform",
            "#b02a37",
            "✗",
            "red",
            "M5 5 L19 19 M19 5 L5 19",
        ),
        VerdictWords(
            "PERLU_KAJIAN",
            "Perlu kajian: data tidak cukup untuk memutus",
            "Needs review: the data do not decide",
            "#51606f",
            "?",
            "bright_black",
            "M7 8.5 A5 5 0 1 1 13.5 13 Q12 13.7 12 16 M12 19.5 L12 20.5",
        ),
    )
}

#: What an answer could not rest on, in a clause of a sentence.
REASONS: Final[dict[str, tuple[str, str]]] = {
    "TANPA_CAKUPAN": ("sebagian persil di luar cakupan rencana", "partly outside every plan"),
    "SEL_KOSONG": ("sel matriks ITBX kosong", "blank cell in the activity matrix"),
    "KEGIATAN_TIDAK_TERCANTUM": (
        "kegiatan tidak tercantum dalam matriks",
        "activity not in the matrix",
    ),
    "BATAS_TIDAK_PASTI": (
        "batas zona berada dalam ketelitian peta",
        "a zone boundary lies within the accuracy of the map",
    ),
    "KONFLIK_RENCANA": ("rencana saling bertentangan", "plans contradict each other"),
    "STATUS_HUTAN_BELUM_SELESAI": (
        "status kawasan hutan belum selesai",
        "forest status unresolved",
    ),
    "DATA_KEDALUWARSA": ("data tidak terbaca atau kedaluwarsa", "data unreadable or out of date"),
    "BAHAYA_TIDAK_DIKETAHUI": ("kelas bahayanya tidak diketahui", "the hazard class is not known"),
    "KAJIAN_BAHAYA": ("kajian bahaya belum ada", "a study of the hazard is lacking"),
    "INPUT_KURANG": ("data permohonan kurang", "the application lacks data"),
}

#: Classes of the activity matrix (Perbup Rembang 23/2024 Pasal 45).
IZIN: Final[dict[str, tuple[str, str]]] = {
    "I": ("Diizinkan", "Permitted"),
    "T": ("Bersyarat secara terbatas", "Permitted within limits"),
    "B": ("Bersyarat tertentu", "Permitted under conditions"),
    "TB": ("Terbatas dan bersyarat", "Limited and conditional"),
    "X": ("Tidak diperbolehkan", "Not permitted"),
}
