"""Reports as plain data, as `monitor.report.build` gives them."""

from typing import Any


def talk(**changes: Any) -> dict[str, Any]:
    """Return what a camera had with one party."""
    return {
        "purpose": "diagnostics",
        "scope": "outside",
        "party": "EZVIZ",
        "names": ["log.ys7.com"],
        "is_network": False,
        "countries": ["CN"],
        "operator": "EZVIZ",
        "operator_country": "CN",
        "hosting": [{"name": "Alibaba Cloud", "country": "CN"}],
        "restrictions": [],
        "confidence": "high",
        "evidence": [
            {"kind": "fact", "value": "http.path=/statistics.do", "catalog": None},
            {"kind": "name", "value": "log.ys7.com", "catalog": "names/ys7"},
        ],
        "flows": 2,
        "answered": 2,
        "refused": 0,
        "unanswered": 0,
        "bytes_out": 1500,
        "bytes_in": 800,
        "flow_ids": ["00000000000000aa"],
        **changes,
    }


def camera(ip: str = "10.20.3.11", *talks: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return one camera with its talks."""
    outside = [t for t in talks if t["scope"] == "outside"]
    return {
        "ip": ip,
        "name": None,
        "mac": "44:19:b6:5e:20:a1",
        "oui": "Hangzhou Hikvision Digital Technology Co.,Ltd.",
        "maker": "Hikvision",
        "brand": "Annke",
        "model": "I91BM",
        "kind": "camera",
        "outside_flows": sum(t["flows"] for t in outside),
        "outside_answered": sum(t["answered"] for t in outside),
        "outside_bytes_out": sum(t["bytes_out"] for t in outside),
        "outside_bytes_in": sum(t["bytes_in"] for t in outside),
        "one_way": None,
        "restrictions": [],
        "talks": list(talks),
        **changes,
    }


def finding(ip: str, **changes: Any) -> dict[str, Any]:
    """Return one finding about a camera."""
    return {
        "rule": "diagnostics",
        "severity": "medium",
        "title": "Diagnostics go to the maker",
        "camera": ip,
        "explanation": "Statistics or logs left the site.",
        "flows": 2,
        "evidence": [{"kind": "destination", "value": "log.ys7.com port 80 (tcp)"}],
        "flow_ids": ["00000000000000aa"],
        **changes,
    }


def report(*cameras: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a report of one capture with these cameras."""
    return {
        "version": "0.1.0",
        "inputs": [
            {
                "name": "site.pcap",
                "format": "pcap",
                "compression": "none",
                "frames": 254,
                "frame_bytes": 77_000,
                "sha256": "ab" * 32,
            }
        ],
        "period": {"text": "2026-11-09 08:30:00 to 2026-11-09 08:32:48 UTC (3 min)"},
        "gaps": [],
        "totals": {"frames": 254, "frame_bytes": 77_000, "flows": 34, "cameras": len(cameras)},
        "verdict": {"state": "open", "text": "Traffic left the site."},
        "isolation": {},
        "coverage": {},
        "inventory": None,
        "cameras": list(cameras),
        "restrictions": [],
        "findings": [],
        "assumed": [],
        "losses": [],
        "attributions": ["Places of Somebody (CC-BY-SA-4.0, https://places.example/)"],
        **changes,
    }
