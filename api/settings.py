"""Settings of the service, each also an environment variable `TATARUANG_<NAME>`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["ServeSettings"]


class ServeSettings(BaseSettings):
    """Limits and places of one serving process."""

    model_config = SettingsConfigDict(env_prefix="TATARUANG_", frozen=True)

    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024, description="Largest JSON body")
    max_upload_bytes: int = Field(
        default=20 * 1024 * 1024, ge=1024, description="Largest file dropped"
    )
    max_features: int = Field(default=1_000, ge=1, description="Most applications in one request")
    body_seconds: float = Field(default=20.0, gt=0, description="Time a body may take to arrive")
    analysis_seconds: float = Field(
        default=60.0, gt=0, description="Time an exposure, hotspots or an upload may take"
    )
    judge_seconds: float = Field(default=10.0, gt=0, description="Time a heavy geometry may take")
    heavy_vertices: int = Field(default=500, ge=4, description="Above this a geometry is heavy")
    heavy_span_deg: float = Field(
        default=0.05, gt=0, description="Wider than this a geometry is heavy"
    )
    heavy_memory_mb: int = Field(default=4096, ge=256, description="Memory a heavy judge may take")
    queue: int = Field(default=64, ge=1, description="Requests that may wait; more get 503")
    threads: int = Field(default_factory=lambda: os.cpu_count() or 2, ge=1)
    cors_origins: tuple[str, ...] = Field(
        default=(), description="Sites whose pages may call the API"
    )
    max_batch_lines: int = Field(default=1_000_000, ge=1, description="Most lines of one stream")
    watch_seconds: float = Field(
        default=2.0, ge=0, description="How often the workspace is looked at; 0 never"
    )
    rate_per_second: float = Field(
        default=0.0, ge=0, description="Requests a caller may send a second; 0 sets no limit"
    )
    rate_burst: int = Field(default=100, ge=1, description="Requests a caller may send at once")
    answers_hours: float = Field(
        default=48.0, gt=0, description="How long answers to an Idempotency-Key are kept"
    )
    access: Literal["open", "keys"] = Field(
        default="open", description="open: everybody may everything; keys: by role"
    )
    session_hours: float = Field(
        default=10.0, gt=0, le=720, description="How long somebody stays signed in at a browser"
    )
    oidc_issuer: str = Field(default="", description="Issuer of tokens (OpenID Connect)")
    oidc_audience: str = Field(default="tataruang", description="Audience tokens must name")
    oidc_jwks: str = Field(default="", description="Keys of the issuer: https address or file")
    oidc_claim: str = Field(default="roles", description="Claim of a token that holds roles")
    webhook_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts (host or host:port) that may be told when a job ended"
    )
    webhook_private: bool = Field(
        default=False,
        description="Tell also hosts of the office's own network, and by http",
    )
    otel: bool = Field(
        default=False,
        description="Send spans by OpenTelemetry, to where the OTEL_ variables say; needs "
        "tataruang[otel]",
    )
    log_json: bool = Field(default=False, description="Write the log as lines of JSON")
    metrics_open: bool = Field(
        default=False, description="Show /metrics to others than this machine"
    )
    state_folder: Path | None = Field(
        default=None, description="Where the service keeps what it must remember"
    )
