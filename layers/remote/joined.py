"""Pages of a service joined into one file, features counted and told apart by their ids."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from xml.etree import ElementTree

from spatial.errors import LayerError

__all__ = [
    "GeoJsonFile", "GmlFile", "Total", "features_of", "no_answer", "parsed_json", "parsed_xml",
]  # fmt: skip

#: Namespaces of GML and WFS by which drivers know a file.
_PREFIXES: Final = {
    "gml": "http://www.opengis.net/gml/3.2",
    "gml311": "http://www.opengis.net/gml",
    "wfs": "http://www.opengis.net/wfs/2.0",
}


class Total:
    """How many features there should be, and which have come.

    A download is whole when as many different ones have come as the service says there are.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._matched: int | None = None
        self._ids: set[str] = set()
        self.received = 0

    @property
    def matched(self) -> int | None:
        """Number that the service states; None where it states none."""
        return self._matched

    def state(self, matched: Any) -> None:
        """Take what a page says of the whole; two pages that disagree are no one layer."""
        text = str(matched)
        if not text.isdigit():
            return
        if self._matched is not None and self._matched != int(text):
            raise self._changed(f"{self._matched} features, then {text}")
        self._matched = int(text)

    def take(self, identifier: Any) -> None:
        """Count a feature; the same one twice means that pages do not fit together."""
        self.received += 1
        if identifier is None:
            return
        if str(identifier) in self._ids:
            raise self._changed(f"feature {str(identifier)[:80]} came twice")
        self._ids.add(str(identifier))

    def close(self) -> None:
        """Refuse what is not whole.

        Raises
        ------
        LayerError
            `source_partial`.
        """
        if self._matched is not None and self._matched != self.received:
            raise LayerError(
                "{url} says {matched} features and sent {received}",
                code="source_partial",
                hint="Nothing was published. Try again; or ask its owner for a file",
                url=self._url[:200],
                matched=self._matched,
                received=self.received,
            )

    def _changed(self, what: str) -> LayerError:
        return LayerError(
            "{url} changed while it was downloaded: {what}",
            code="source_changed",
            hint="Nothing was published. Try again; or ask its owner for a file",
            url=self._url[:200],
            what=what,
        )


class _Joined:
    """A file that is begun, filled page by page, and ended."""

    _tail = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("w", encoding="utf-8")

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self._file.write(self._tail)
        self._file.close()


class GeoJsonFile(_Joined):
    """Features of all pages as one GeoJSON; `crs` is the name of a CRS other than CRS84."""

    _tail = "\n]}"

    def __init__(self, path: Path, crs: str | None) -> None:
        super().__init__(path)
        member = {"type": "name", "properties": {"name": crs}}
        head = f'"crs":{json.dumps(member)},' if crs else ""
        self._file.write(f'{{"type":"FeatureCollection",{head}"features":[\n')
        self._between = ""

    def add(self, features: Iterable[dict[str, Any]]) -> None:
        """Write features as they are."""
        for feature in features:
            self._file.write(self._between + json.dumps(feature, ensure_ascii=False))
            self._between = ",\n"


class GmlFile(_Joined):
    """Features of all pages as one GML, each as it was sent."""

    _tail = "</wfs:FeatureCollection>\n"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        spaces = ""
        for prefix, address in _PREFIXES.items():
            ElementTree.register_namespace(prefix, address)
            spaces += f' xmlns:{prefix}="{address}"'
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        self._file.write(f"{head}<wfs:FeatureCollection{spaces}>\n")

    def add(self, features: Iterable[ElementTree.Element]) -> None:
        """Write features as they are."""
        for feature in features:
            text = ElementTree.tostring(feature, encoding="unicode")
            self._file.write(f"<wfs:member>{text}</wfs:member>\n")


def parsed_json(body: bytes, url: str) -> dict[str, Any]:
    """Read an object of JSON.

    Raises
    ------
    LayerError
        `source_answer`.
    """
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise no_answer(url, f"no JSON ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise no_answer(url, "no JSON object")
    return found


def features_of(page: dict[str, Any], url: str) -> list[dict[str, Any]]:
    """Return the features of a page.

    Raises
    ------
    LayerError
        `source_answer`.
    """
    features = page.get("features")
    if page.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise no_answer(url, "no collection of features")
    if not all(isinstance(one, dict) and one.get("type") == "Feature" for one in features):
        raise no_answer(url, "a feature that is none")
    return features


def _refused(name: str) -> Any:
    raise ValueError(name)


def parsed_xml(body: bytes, url: str) -> ElementTree.Element:
    """Read XML without a document type: entities are declared there.

    Raises
    ------
    LayerError
        `source_answer`; `source_exception`, if it is the service's own word of what is wrong.
    """
    plain = body.replace(b"\x00", b"").upper()
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise no_answer(url, "XML that declares entities")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  no document type, so no entity
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise no_answer(url, f"no XML ({error})") from error
    if root.tag.rpartition("}")[2] in ("ExceptionReport", "ServiceExceptionReport"):
        said = " ".join(text.strip() for text in root.itertext() if text.strip())
        raise LayerError(
            "{url} refuses: {said}",
            code="source_exception",
            hint="Check the name of the layer and the address; or ask its owner",
            url=url[:200],
            said=said[:300],
        )
    return root


def no_answer(url: str, what: str) -> LayerError:
    """Return the error of an answer that is not what was asked for."""
    return LayerError(
        "{url} answers {what}",
        code="source_answer",
        hint="Give the address of an OGC API Features (.../collections/NAME) or of a WFS (.../wfs)",
        url=url[:200],
        what=what,
    )
