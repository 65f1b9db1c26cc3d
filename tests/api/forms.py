"""Bodies of the content type multipart/form-data."""

from __future__ import annotations

BOUNDARY = "a-boundary-that-no-part-holds"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def multipart(parts: dict[str, bytes] | list[tuple[str, bytes]], file_name: str = "rows.csv") -> bytes:
    """The body of a form; without a file name the parts are plain fields."""
    named = f'; filename="{file_name}"' if file_name else ""
    lines = b""
    for name, content in parts.items() if isinstance(parts, dict) else parts:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
        lines += head.encode() + content + b"\r\n"
    return lines + f"--{BOUNDARY}--\r\n".encode()
