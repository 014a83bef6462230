"""Static files with their hash in the name, ES modules included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage as Storage

_JS_ENDING, _IMPORTS = Storage._js_module_import_aggregation_patterns


class HashedStorage(Storage):
    # Else `import "./socket.js"` of a hashed module would fetch the name without a hash.
    # Ours only: a library speaks of imports in its comments, and Django takes them for true.
    patterns = (*Storage.patterns, (f"jobs/{_JS_ENDING}", _IMPORTS))
    # A page that names a file of somebody else's app which is missing must still render.
    manifest_strict = False
