"""One root for every error that Vigie raises on purpose."""

from typing import Final

EXIT_CONFIGURATION: Final = 78
"""Exit status of a program that ends by a ConfigurationError: EX_CONFIG of sysexits.h."""


class VigieError(Exception):
    """Something is wrong; the message names the thing, the value, the rule it broke and the fix."""


class ConfigurationError(VigieError):
    """A setting, file or topic declaration is wrong: starting again without a change cannot help."""


class BadInputError(VigieError):
    """A file given by a user (camera, rule, video, model) is wrong; the rest goes on."""


class PoisonRecordError(VigieError):
    """A Kafka record cannot be processed, now or ever: it goes to dead-letters with its origin."""


class UnknownSchemaError(PoisonRecordError):
    """A record carries a schema id that nobody knows."""


class DependencyError(VigieError):
    """Kafka, Triton or a database does not answer; trying again may help."""
