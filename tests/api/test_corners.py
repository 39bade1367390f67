"""A list of corners becomes the parcel that was meant, or the line in doubt is named."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from pyproj import Transformer

from api.corners import MOST, read_corners
from spatial.errors import CrsError, EngineError, GeometryError

JAVA = (108.0, -9.0, 112.0, -5.0)
UTM = Transformer.from_crs("EPSG:32749", "EPSG:4326", always_xy=True)
CORNERS = [(459000.0, 9239500.0), (459020.0, 9239500.0), (459020.0, 9239480.0)]


def degrees(value: float, letters: str) -> str:
    whole, rest = divmod(abs(value) * 60, 60)
    return f"{whole:.0f}°{rest // 1:.0f}'{rest % 1 * 60:.5f}\"{letters[value < 0]}"


def lines(form: str) -> list[str]:
    places = [UTM.transform(x, y) for x, y in CORNERS]
    written = {
        "utm": [f"49S {x} {y}" for x, y in CORNERS],
        "zone once": ["UTM 49S", *(f"{x:.1f}\t{y:.1f}" for x, y in CORNERS)],
        "numbered": ["49S", *(f"{n}; {x};{y}" for n, (x, y) in enumerate(CORNERS, 1))],
        "named": [f"P{n}: {lat:.9f}, {lon:.9f}" for n, (lon, lat) in enumerate(places, 1)],
        "degrees": [f"{lon:.9f} {lat:.9f}" for lon, lat in places],
        "comma": [f"{lon:.9f} {lat:.9f}".replace(".", ",") for lon, lat in places],
        "sexagesimal": [f"{degrees(lat, 'NS')} {degrees(lon, 'EW')}" for lon, lat in places],
    }
    return written[form]


@pytest.mark.parametrize(
    "form", ["utm", "zone once", "numbered", "named", "degrees", "comma", "sexagesimal"]
)
@pytest.mark.parametrize("closed", [False, True])
def test_every_way_of_writing_gives_the_same_parcel(form: str, closed: bool) -> None:
    """PROJ itself is the measure; five decimals of a second are a third of a millimetre."""
    written = lines(form)
    if closed:
        written.append(written[-len(CORNERS)])
    feature = read_corners("\r\n".join(["", *written, "  "]), JAVA)
    [ring] = feature["geometry"]["coordinates"]
    assert ring[0] == ring[-1]
    for found, (x, y) in zip(ring, CORNERS, strict=False):
        assert found == pytest.approx(UTM.transform(x, y), abs=4e-9)
    assert len(ring) == len(CORNERS) + 1


@pytest.mark.parametrize(
    ("text", "code", "kind"),
    [
        ("", "corners_few", GeometryError),
        ("49S\n459000 9239500\n459020 9239500", "corners_few", GeometryError),
        ("110.6 -6.8\n110.6 -6.8\n110.7 -6.8", "corners_few", GeometryError),
        ("459000 9239500\n459020 9239500\n459020 9239480", "corner_line", GeometryError),
        ("110.6 -6.8\n110.7 -6.8\nhalo", "corner_line", GeometryError),
        ("110.6 -6.8\n110.7 -6.8\n1 2 3 4", "corner_line", GeometryError),
        ("110.6 -6.8\n110.7 -6.8\n" + "9" * 5_000, "corner_line", GeometryError),
        ("48S\n459000 9239500\n459020 9239500\n459020 9239480", "outside_extent", CrsError),
    ],
)
def test_what_is_in_doubt_is_named(text: str, code: str, kind: type[EngineError]) -> None:
    with pytest.raises(kind) as refused:
        read_corners(text, JAVA)
    assert refused.value.code == code


def test_corners_over_http(client: TestClient) -> None:
    def send(text: str) -> tuple[int, dict[str, str]]:
        answer = client.post("/v1/parcels", content=text, headers={"content-type": "text/plain"})
        return answer.status_code, answer.json()

    status, feature = send("\n".join(lines("utm")))
    assert (status, feature["type"]) == (200, "Feature")
    status, problem = send("110.64 -6.88\n110.65 -6.88\nsudut tiga")
    assert (status, problem["code"]) == (422, "corner_line")
    assert "baris 3" in problem["detail"]
    assert send("x\n" * (MOST + 1))[1]["code"] == "corners_many"
    assert send("\x00\xff")[0] == 422
