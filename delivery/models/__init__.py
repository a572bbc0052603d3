from delivery.models.digest import Digest, MailOptOut
from delivery.models.download import Download
from delivery.models.grant import DownloadGrant, new_grant_key

__all__ = ["Digest", "Download", "DownloadGrant", "MailOptOut", "new_grant_key"]
