from whitenoise.storage import CompressedManifestStaticFilesStorage


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Static files under names with their hash, so that browsers may keep them for ever.

    Not strict: where `collectstatic` was not run, or not since a file came, pages answer with its bare name
    instead of an error. They may look plain then, and sell.
    """

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        try:
            return str(super().stored_name(name))
        except ValueError:  # not there to take a hash of
            return name
