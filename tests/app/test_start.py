"""``python -m dashboard``: who may reach it, and what it says of that."""

from __future__ import annotations

from dashboard.__main__ import announcement, server_options


def test_only_this_machine_is_served_unless_asked_otherwise():
    for host in ("127.0.0.1", "localhost", "::1"):
        assert server_options(host, 8501) == ["--server.port", "8501", "--server.address", host]
        assert announcement(host, 8501) == ["RecLens is ready: http://localhost:8501"]


def test_who_can_reach_it_is_said():
    for host in ("0.0.0.0", "192.0.2.7", "reclens.example"):
        warning, ready = announcement(host, 8502)
        assert f"Listening on {host}: everyone who can reach this machine" in warning
        assert ready.startswith("RecLens is ready: http://")
        assert "--server.corsAllowedOrigins" in server_options(host, 8502), "a browser there may talk to it"
