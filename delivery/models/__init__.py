from delivery.models.activation import Activation
from delivery.models.code import Code
from delivery.models.digest import Digest, MailOptOut
from delivery.models.download import Download
from delivery.models.grant import DownloadGrant, new_grant_key
from delivery.models.license import License, LicenseMove, key_hash
from delivery.models.plan import LicensePlan
from delivery.models.signing_key import SigningKey
from delivery.models.stamp import Stamp

__all__ = [
    "Activation",
    "Code",
    "Digest",
    "Download",
    "DownloadGrant",
    "License",
    "LicenseMove",
    "LicensePlan",
    "MailOptOut",
    "SigningKey",
    "Stamp",
    "key_hash",
    "new_grant_key",
]
