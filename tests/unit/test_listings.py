"""The local AWS lists keys of any characters: percent-encoded, as clients ask for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import pytest

from froe.local import listings

KEYS = [
    "a.log",
    "\x1b[2J.log",
    "\x07\x7f",
    "a&b<c>\"'.log",
    "a b+c%20.log",
    "日/é.log",
    "line\nend\r\t",
    "\ufffe",
]


class Listed:
    """Answers as ministack does: keys as they are, whatever XML says."""

    def __init__(self) -> None:
        self.module = SimpleNamespace(
            _list_object_versions=self.versions, _qp=lambda query, name, default: query.get(name, default)
        )
        listings.encode_keys(self.module)

    def versions(self, bucket: str, query: Any) -> tuple[int, dict[str, str], bytes]:
        root = Element("ListVersionsResult")
        SubElement(root, "Prefix").text = ""
        SubElement(root, "IsTruncated").text = "false"
        for key in KEYS:
            version = SubElement(root, "Version")
            SubElement(version, "Key").text = key
            SubElement(version, "ETag").text = "<Key>"
        return (200 if bucket else 404), {}, tostring(root, encoding="utf-8")


def test_every_key_is_read_as_it_was_written() -> None:
    _, _, body = Listed().module._list_object_versions("b", {"encoding-type": "url"})
    root = fromstring(body)
    assert root.findtext("EncodingType") == "url"
    assert [unquote_plus(version.findtext("Key") or "") for version in root.iter("Version")] == KEYS
    assert {version.findtext("ETag") for version in root.iter("Version")} == {"<Key>"}


@pytest.mark.parametrize(("bucket", "query"), [("b", {}), ("", {"encoding-type": "url"})])
def test_what_was_not_asked_for_or_refused_is_as_it_was(bucket: str, query: dict[str, str]) -> None:
    listed = Listed()
    assert listed.module._list_object_versions(bucket, query) == listed.versions(bucket, query)
