"""The chain of hashes over all documents. Pure: whoever has the snapshots can prove it with any tool."""

import hashlib
import json
from typing import Any

# What stands in for the document before the first, as in Saudi Arabia's rules: the hash of the digit 0.
FIRST = hashlib.sha256(b"0").hexdigest()


def canonical(snapshot: dict[str, Any]) -> bytes:
    """The one spelling of a snapshot: JSON with sorted keys and no spaces, in UTF-8."""
    return json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def seal(snapshot: dict[str, Any], previous: str) -> str:
    """SHA-256 over the snapshot, a line feed, and the hash of the document before."""
    return hashlib.sha256(canonical(snapshot) + b"\n" + previous.encode()).hexdigest()
