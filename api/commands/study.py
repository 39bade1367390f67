"""`tataruang study`: siting, access, programmes, vertical development, housing; each a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer

from api.options import SourceCrs
from api.studies.files import coded, column, deliver, joined, largest_klb, names, numbered
from api.studies.pictures import programme_map, site_map, study_map
from layers import read
from layers.poverty.personal import refuse_identity
from layers.workspace import Workspace
from spatial.errors import AccessError

__all__ = ["study"]

study = typer.Typer(no_args_is_help=True, help="Kajian perencanaan / planning studies.")

Folder = Annotated[
    Path, typer.Option("--output", "-o", help="Folder: laporan.html, laporan.pdf, hasil.*")
]


@study.command("siting")
def siting(
    sites: Annotated[Path, typer.Argument(help="Calon lokasi / candidate sites")],
    output: Folder,
    rule: Annotated[str, typer.Option(help="tpa | sekolah | pos_kesehatan | evakuasi | .toml")],
    layer: Annotated[
        list[str] | None, typer.Option(help="NAMA=BERKAS untuk tiap layer aturan; boleh diulang")
    ] = None,
    desa: Annotated[
        Path | None, typer.Option(help="Batas desa, digambar di bawah peta / drawn below")
    ] = None,
    source_crs: SourceCrs = None,
) -> None:
    """Urutkan calon lokasi menurut kriteria berbobot / rank sites by weighted criteria."""
    from api.studies.texts import siting_document
    from zoning.studies import rank_sites, read_siting_rule

    given = _layers(layer or [], source_crs)
    frame = numbered(read(sites, source_crs=source_crs).features)
    said = read_siting_rule(rule)
    found = rank_sites(frame, said, {name: one for name, (_, one) in given.items()})
    files = [sites.name, *(path.name for path, _ in given.values())]
    called = names(frame)
    ground = None if desa is None else read(desa, source_crs=source_crs).features
    picture = site_map(frame, found.table, called, ground)
    document = siting_document(found, called, files, picture)
    deliver(output, document, found.table, frame)


@study.command("access")
def access(
    desa: Annotated[Path, typer.Argument(help="Batas desa / desa polygons")],
    services: Annotated[Path, typer.Argument(help="Sekolah atau fasilitas kesehatan")],
    output: Folder,
    table: Annotated[Path, typer.Option(help="Tabel penduduk per desa (CSV, XLSX)")],
    people: Annotated[str, typer.Option(help="Kolom penduduk")] = "jumlah_penduduk",
    poor: Annotated[str | None, typer.Option(help="Kolom penduduk miskin")] = None,
    homes: Annotated[Path | None, typer.Option(help="Permukiman atau bangunan")] = None,
    roads: Annotated[
        Path | None, typer.Option(help="Sumbu jalan: jarak menyusuri jalan / along roads")
    ] = None,
    reach: Annotated[float, typer.Option(min=1, help="Jangkauan (m)")] = 2_000.0,
    detour: Annotated[float, typer.Option(min=1, help="Jalan dibanding garis lurus")] = 1.0,
    least: Annotated[int, typer.Option(min=0, help="Sel miskin di bawah ini ditutup")] = 10,
    source_crs: SourceCrs = None,
) -> None:
    """Akses penduduk dan orang miskin ke layanan / access to services, and the unserved."""
    from api.studies.texts_people import access_document
    from hazard.vulnerability.access import access as measure

    frame = coded(read(desa, source_crs=source_crs).features)
    frame = joined(frame, table, people, poor, least)
    settled = None if homes is None else read(homes, source_crs=source_crs).features
    found = measure(
        frame,
        read(services, source_crs=source_crs).features,
        people=people,
        poor=poor,
        homes=settled,
        roads=None if roads is None else read(roads, source_crs=source_crs).features,
        reach_m=reach,
        detour=detour,
    )
    files = [path.name for path in (desa, services, table, *filter(None, (homes, roads)))]
    kinds = found["served"].fillna("-")
    picture = study_map(
        frame, kinds, {"yes": ("Terlayani", "good"), "no": ("Tidak terlayani", "bad"),
                       "-": ("Tidak ada jawaban", "unknown")},
        "Tiap desa: terlayani bila cukup banyak penduduknya dalam jangkauan.",
    )  # fmt: skip
    document = access_document(
        found,
        names(frame),
        files,
        reach_m=reach,
        detour=None if roads else detour,
        figure=picture,
    )
    deliver(output, document, found, frame)


@study.command("programmes")
def programmes(
    file: Annotated[Path, typer.Argument(help="Program desa: titik, garis atau poligon")],
    output: Folder,
    desa: Annotated[Path, typer.Option(help="Batas desa")],
    kind: Annotated[str, typer.Option(help="Kolom jenis program")] = "jenis",
    stated: Annotated[str | None, typer.Option(help="Kolom kode desa yang disebut")] = None,
    zones: Annotated[Path | None, typer.Option(help="Pola ruang")] = None,
    hotspots: Annotated[Path | None, typer.Option(help="Hasil tataruang hotspots (.csv)")] = None,
    hazard: Annotated[Path | None, typer.Option(help="Poligon bahaya")] = None,
    rule: Annotated[str, typer.Option(help="Aturan pertentangan: contoh | .toml")] = "contoh",
    source_crs: SourceCrs = None,
) -> None:
    """Program desa terhadap rencana, kantong dan bahaya / programmes against the plan."""
    from api.studies.programmes import check_programmes
    from api.studies.texts_people import programmes_document

    frame = read(file, source_crs=source_crs).features
    refuse_identity(frame, what=file.name)
    villages = coded(read(desa, source_crs=source_crs).features)
    plan = None if zones is None else read(zones, source_crs=source_crs).features
    hot = None if hotspots is None else pd.read_csv(hotspots, dtype={"id": str}).set_index("id")
    wet = None if hazard is None else read(hazard, source_crs=source_crs).features
    found = check_programmes(
        frame, villages, kind=kind, zones=plan, hotspots=hot, hazard=wet, stated=stated, rule=rule
    )
    files = [path.name for path in (file, desa, *filter(None, (zones, hotspots, hazard)))]
    picture = programme_map(frame, found.table, villages)
    document = programmes_document(found, names(villages), files, picture)
    deliver(output, document, found.table, frame)


@study.command("vertical")
def vertical(
    blocks: Annotated[Path, typer.Argument(help="Blok atau zona dengan kode zona")],
    buildings: Annotated[Path, typer.Argument(help="Bangunan dengan jumlah lantai")],
    output: Folder,
    intensity: Annotated[Path, typer.Option(help="Tabel intensitas rencana (intensitas.csv)")],
    hazard: Annotated[Path | None, typer.Option(help="Poligon bahaya")] = None,
    services: Annotated[Path | None, typer.Option(help="Simpul transit atau layanan")] = None,
    zone: Annotated[str, typer.Option(help="Kolom kode zona")] = "zona",
    by: Annotated[str | None, typer.Option(help="Kolom rekap, mis. wadmkc; kosong: zona")] = None,
    reach: Annotated[float, typer.Option(min=1, help="Jarak ke layanan (m)")] = 500.0,
    source_crs: SourceCrs = None,
) -> None:
    """Ruang KLB yang belum terpakai per blok / unused floor area ratio per block."""
    from api.studies.texts import vertical_document
    from zoning.studies import room_above, summarise_room

    frame = read(blocks, source_crs=source_crs).features
    limits = largest_klb(intensity)
    frame = frame.assign(klb_maks=column(frame, zone).astype(str).map(limits))
    room = room_above(
        frame,
        read(buildings, source_crs=source_crs).features,
        hazard=None if hazard is None else read(hazard, source_crs=source_crs).features,
        services=None if services is None else read(services, source_crs=source_crs).features,
        reach_m=reach,
    )
    summary = summarise_room(room, column(frame, by or zone))
    files = [p.name for p in (blocks, buildings, intensity, *filter(None, (hazard, services)))]
    picture = study_map(
        frame, room["candidate"],
        {"no_room": ("Ruang hampir habis", "plain"), "low_limit": ("Tidak bertingkat", "plain"),
         "too_far": ("Jauh dari layanan", "plain"), "undecided": ("Belum tentu", "unknown"),
         "in_hazard": ("Di kawasan bahaya", "risk"), "candidate": ("Calon", "good")},
        "Blok menurut ruang KLB yang belum terpakai, bahaya dan jarak ke layanan.",
    )  # fmt: skip
    document = vertical_document(room, summary, _block_names(frame, zone), files, picture)
    deliver(output, document, room, frame)


@study.command("housing")
def housing(
    houses: Annotated[Path, typer.Argument(help="Rumah tidak layak huni: titik atau poligon")],
    output: Folder,
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Ruang kerja tertutup")],
    zones: Annotated[Path | None, typer.Option(help="Pola ruang")] = None,
    hazard: Annotated[Path | None, typer.Option(help="Poligon bahaya")] = None,
    programmes: Annotated[Path | None, typer.Option(help="Program perumahan")] = None,
    reach: Annotated[float, typer.Option(min=1, help="Jarak antarrumah (m)")] = 100.0,
    least: Annotated[int, typer.Option(min=1, help="Rumah paling sedikit per petak")] = 10,
    source_crs: SourceCrs = None,
) -> None:
    """Kelompok rumah tidak layak huni, tanpa menampakkan rumah / clusters of unfit houses."""
    from api.studies.housing import told_against
    from api.studies.texts import housing_document
    from hazard.vulnerability.housing import housing_clusters

    if not Workspace.open(workspace).private:
        raise AccessError(
            "houses are read in a private workspace only",
            code="workspace_not_private",
            hint="Create one: tataruang init tertutup --name Tertutup --private",
        )
    found, rest = housing_clusters(
        read(houses, source_crs=source_crs).features, reach_m=reach, least=least
    )
    layers = [
        None if path is None else read(path, source_crs=source_crs).features
        for path in (zones, hazard, programmes)
    ]
    told = told_against(found, *layers)
    files = [path.name for path in (houses, *filter(None, (zones, hazard, programmes)))]
    deliver(output, housing_document(told, rest, least, files), told.drop(columns="geometry"), told)


def _block_names(frame: gpd.GeoDataFrame, zone: str) -> pd.Series:
    """Name blocks by their code and zone: the name of a zone alone names many."""
    block = frame["kodblk"] if "kodblk" in frame.columns else pd.Series("", frame.index)
    text = block.astype("string").fillna("") + " " + frame[zone].astype("string").fillna("-")
    return text.str.strip()


def _layers(words: list[str], source_crs: str | None) -> dict[str, tuple[Path, gpd.GeoDataFrame]]:
    found = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not equals:
            raise typer.BadParameter("NAMA=BERKAS", param_hint="--layer")
        found[name.strip()] = (Path(path), read(path, source_crs=source_crs).features)
    return found
