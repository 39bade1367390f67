"""Where values cluster: exact z for any weights, honest p, and a status where none exists."""

from spatial.hotspots.adjust import adjust
from spatial.hotspots.gate import OK, STATUS
from spatial.hotspots.local import bivariate_moran, gi, local_geary, local_moran
from spatial.hotspots.overall import Overall, geary, getis_ord, moran
from spatial.hotspots.permutation import MOST_DRAWS, lag_p
from spatial.hotspots.rates import assuncao_reis, eb_global, eb_local, rate, rate_status
from spatial.hotspots.scan import circular_scan

__all__ = [
    "MOST_DRAWS",
    "OK",
    "STATUS",
    "Overall",
    "adjust",
    "assuncao_reis",
    "bivariate_moran",
    "circular_scan",
    "eb_global",
    "eb_local",
    "geary",
    "getis_ord",
    "gi",
    "lag_p",
    "local_geary",
    "local_moran",
    "moran",
    "rate",
    "rate_status",
]
