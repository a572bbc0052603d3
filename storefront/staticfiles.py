from whitenoise.storage import CompressedManifestStaticFilesStorage


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Static files under names with their hash, so that browsers may keep them for ever.

    Not strict: a page still renders where `collectstatic` was not run, as in tests.
    """

    manifest_strict = False
