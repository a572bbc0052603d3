"""Private files in S3, or in whatever speaks its language: MinIO, Ceph, R2, Garage.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import chain
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from django.core.files.storage import Storage
from django.utils.http import content_disposition_header

from catalog.errors import StorageAway

PART = 8 * 1024 * 1024  # bytes; S3 takes at most 10,000 parts, of 5 MiB or more
LINK_SECONDS = 180
NOT_THERE = {"404", "NoSuchKey", "NotFound"}


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Raises FileNotFoundError for what is not there, and StorageAway for all that may be mended."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in NOT_THERE:
            raise FileNotFoundError(str(error)) from error
        raise StorageAway(str(error)) from error
    except BotoCoreError as error:
        raise StorageAway(str(error)) from error


class S3Storage(Storage):
    def __init__(
        self, *, bucket: str, endpoint_url: str, region: str, access_key_id: str, secret_access_key: str
    ) -> None:
        self.bucket = bucket
        self._where = {
            "endpoint_url": endpoint_url or None,
            "region_name": region,
            "aws_access_key_id": access_key_id,
            "aws_secret_access_key": secret_access_key,
        }

    @cached_property
    def client(self) -> Any:
        """For bytes, which may take their time."""
        return self._make_client(connect_timeout=5, read_timeout=60, retries={"max_attempts": 3})

    @cached_property
    def quick_client(self) -> Any:
        """For questions that a reader waits for."""
        return self._make_client(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1})

    def _make_client(self, **options: Any) -> Any:
        # Others than Amazon know neither buckets in host names nor checksums that nobody asked for.
        style = "path" if self._where["endpoint_url"] else "auto"
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            **options,
        )
        return boto3.session.Session().client("s3", config=config, **self._where)

    def signed_url(self, name: str, *, filename: str, content_type: str) -> str:
        """An address that gives the file to whoever has it, for three minutes, to be saved by this name."""
        return self.quick_client.generate_presigned_url(
            "get_object",
            ExpiresIn=LINK_SECONDS,
            Params={
                **self._key(name),
                "ResponseContentType": content_type,
                "ResponseContentDisposition": content_disposition_header(True, filename) or "attachment",  # noqa: FBT003
                "ResponseCacheControl": "private, no-store",
            },
        )

    def size(self, name: str) -> int:
        with _in_our_words():
            return self.quick_client.head_object(**self._key(name))["ContentLength"]

    def exists(self, name: str) -> bool:
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        with _in_our_words():
            self.client.delete_object(**self._key(name))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name  # made of random bits, so nobody is asked whether it is taken

    def _open(self, name: str, mode: str = "rb") -> File:
        """To be read once, from its beginning."""
        with _in_our_words():
            return File(self.client.get_object(**self._key(name))["Body"], name)

    def _save(self, name: str, content: File) -> str:
        """In parts, so that memory holds one of them; a file of one part is put at once."""
        parts = _parts(content.chunks())
        first = next(parts, b"")
        with _in_our_words():
            if len(first) < PART:
                self.client.put_object(**self._key(name), Body=first)
            else:
                self._save_parts(name, chain([first], parts))
        return name

    def _save_parts(self, name: str, parts: Iterator[bytes]) -> None:
        begun = self.client.create_multipart_upload(**self._key(name))
        upload = self._key(name) | {"UploadId": begun["UploadId"]}
        try:
            tags = [self._put_part(upload, number, part) for number, part in enumerate(parts, 1)]
            self.client.complete_multipart_upload(**upload, MultipartUpload={"Parts": tags})
        except BaseException:
            with suppress(BotoCoreError, ClientError):  # away: its own rule for unended uploads cleans up
                self.client.abort_multipart_upload(**upload)
            raise

    def _put_part(self, upload: dict[str, str], number: int, part: bytes) -> dict[str, Any]:
        answer = self.client.upload_part(**upload, PartNumber=number, Body=part)
        return {"ETag": answer["ETag"], "PartNumber": number}

    def _key(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": name}


def _parts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of PART, the last one shorter."""
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        while len(gathered) >= PART:
            yield bytes(gathered[:PART])
            del gathered[:PART]
    if gathered:
        yield bytes(gathered)
