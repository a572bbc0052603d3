from delivery.models.download import Download
from delivery.models.grant import DownloadGrant, new_grant_key

__all__ = ["Download", "DownloadGrant", "new_grant_key"]
