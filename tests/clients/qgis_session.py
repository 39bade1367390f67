"""What QGIS makes of our layers; run by the Python that QGIS came with, never by ours.

    python3 qgis_session.py JSON

`layers` lists [kind, source, name]; each is loaded, counted and drawn, and what was found is
printed as JSON: valid, features, fields, extent, whether a box finds fewer, and how many
pixels of the picture are not blank.
"""

import json
import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

MERCATOR = QgsCoordinateReferenceSystem("EPSG:3857")
DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")


def load(kind, source, name):
    if kind == "tiles":
        return QgsVectorTileLayer(source, name)
    return QgsVectorLayer(source, name, kind)


def counted(layer, box):
    """Count all features and those in a box, as a canvas asks for them."""
    into = QgsCoordinateTransform(DEGREES, layer.crs(), QgsProject.instance())
    near = QgsFeatureRequest().setFilterRect(into.transformBoundingBox(box))
    everything = list(layer.getFeatures())
    return {
        "features": len(everything),
        "near": len(list(layer.getFeatures(near))),
        "valid_shapes": sum(
            one.hasGeometry() and one.geometry().isGeosValid() for one in everything
        ),
        "fields": [field.name() for field in layer.fields()],
        "types": [field.typeName() for field in layer.fields()],
        "crs": layer.crs().authid(),
    }


def drawn(layer, box, path):
    """Draw a layer and count the pixels that are not paper."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(MERCATOR)
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(512, 512))
    to = QgsCoordinateTransform(DEGREES, MERCATOR, QgsProject.instance())
    settings.setExtent(to.transformBoundingBox(box))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    white = QColor("white").rgb()
    inked = sum(
        image.pixel(x, y) != white
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    )
    return {"inked": inked / (image.width() * image.height() / 4), "errors": len(job.errors())}


def main():
    asked = json.loads(sys.argv[1])
    QgsApplication.setPrefixPath("/usr", True)
    app = QgsApplication([], False)
    app.initQgis()
    box = QgsRectangle(*asked["box"])
    found = []
    for kind, source, name in asked["layers"]:
        layer = load(kind, source, name)
        told = {"name": name, "valid": layer.isValid()}
        if layer.isValid():
            if kind != "tiles":
                told.update(counted(layer, box))
            told.update(drawn(layer, box, f"{asked['pictures']}/qgis-{name}.png"))
        found.append(told)
        del layer
    print(json.dumps(found), flush=True)
    # QGIS takes its providers down in an order that its Python wrappers do not survive.
    os._exit(0)


main()
