"""What a form sends, as browsers send it without files.

In: requests with a form. Out: texts by name. Knows nothing of what is asked for.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from bridge.record import record

#: The most fields that a form of ours could have.
MOST_FIELDS: Final = 4000
FORM: Final = "application/x-www-form-urlencoded"


@record
class Form:
    """The fields as they were sent; the blanks around what was typed are gone."""

    fields: Sequence[tuple[str, str]]

    def one(self, name: str) -> str:
        """Return the first value of a field, empty where there is none."""
        return next((value for known, value in self.fields if known == name), "")

    def all(self, name: str) -> list[str]:
        """Return every value of a field, in the order of the page."""
        return [value for known, value in self.fields if known == name]

    def has(self, name: str) -> bool:
        """Whether a field was sent, such as a ticked box or the button that was pressed."""
        return any(known == name for known, _ in self.fields)


async def read_form(request: web.Request) -> Form:
    """Read a form as browsers send it without files.

    Raises:
        aiohttp.web.HTTPException: 415 or 400, it is something else; 413, it is too long.
    """
    body = await request.read()
    if body and request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType(reason="This is no form")
    try:
        fields = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError as problem:
        raise web.HTTPBadRequest(reason="The form has too many fields") from problem
    return Form([(name, value.strip()) for name, value in fields])
