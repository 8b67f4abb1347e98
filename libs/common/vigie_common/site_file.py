"""The site file, `site.yaml`: what all cameras and rules of a site have in common."""

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from vigie_common.errors import BadInputError
from vigie_common.field_types import Identifier, Language, Texts
from vigie_common.yaml_model import FileModel, Located, load, nearest

SITE_FILE: Final = "site.yaml"
_WRITE: Final = "write one with site, title, time_zone and languages"


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        city = value.strip().replace(" ", "_").lower()
        whole = next((zone for zone in sorted(_time_zones()) if zone.lower().rpartition("/")[2] == city), value)
        raise ValueError(f"not an IANA time zone, such as Europe/Paris{nearest(whole, _time_zones())}")
    return value


def _day(value: str) -> str:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", value, re.ASCII):
        raise ValueError("not a day: write year-month-day, such as 2026-07-14")
    return value


class SiteFile(FileModel):
    """The site of a folder of cameras and rules."""

    site: Identifier = Field(description="id of the site; camera files name it")
    title: Texts = Field(description="by language")
    time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        description="IANA name, such as Europe/Paris: local time of conditions, dates and statistics"
    )
    languages: list[Language] = Field(min_length=1, description="the first is the default")
    holidays: list[Annotated[str, AfterValidator(_day)]] = Field(
        default=[], description="days of the site's calendar, year-month-day"
    )


def find_site(folder: Path) -> Path:
    """`site.yaml` in a folder, in `cameras/` below it, or in the folder above.

    Raises:
        BadInputError: it is in none of them, or there is no such folder.
    """
    if not folder.is_dir():
        raise BadInputError(f"{folder}: no such folder: give the one that holds {SITE_FILE} and the camera files")
    for path in (folder / SITE_FILE, folder / "cameras" / SITE_FILE, folder.resolve().parent / SITE_FILE):
        if path.exists():  # what is no file is told where it is read
            return path
    beside = folder.resolve().parent / "cameras" / SITE_FILE
    around = folder.parent if folder.name else folder / ".."
    fix = f"give {around}, which has one in cameras/" if beside.exists() else _WRITE
    raise BadInputError(f"{folder}: no {SITE_FILE} in it, in cameras/ below it nor in the folder above: {fix}")


def read_site(path: Path) -> Located[SiteFile]:
    """The site file at a path.

    Raises:
        InvalidFileError: what is wrong, and where.
    """
    return load(path, SiteFile)
