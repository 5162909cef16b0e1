"""WhiteNoise's storage as its manual has it, but for one thing: a reference that leads nowhere is left as it is.

Real packages have such references; without this, collectstatic stops at the first one.
"""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    manifest_strict = False

    def hashed_name(self, name, content=None, filename=None):
        try:
            return super().hashed_name(name, content, filename)
        except ValueError:
            return name
