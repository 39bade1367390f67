"""Settings of the service, each also an environment variable `TATARUANG_<NAME>`."""

from __future__ import annotations

import os

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
