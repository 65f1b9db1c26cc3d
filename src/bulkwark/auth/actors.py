"""A caller, and what a token lets him do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bulkwark.errors import Forbidden

EVERY_SCOPE = "sp:scopes:all"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who a verified access token speaks for."""

    tenant: str
    client_id: str  # the credential that the token was issued for
    identity_id: str
    user_name: str
    levels: frozenset[str]  # user levels (authorities)
    scopes: frozenset[str]
    application: bool  # an OAuth client's own token: no user behind it
    jti: str
    expires: int  # seconds since 1970 UTC

    def require(self, scopes: Collection[str], levels: Collection[str], *, application: bool) -> None:
        """Raise Forbidden unless the caller has one of the scopes and one of the levels.

        `application`: whether an application's own token may call. No levels: any user.
        """
        if self.application and not application:
            raise Forbidden("this operation needs a user's token, not an application's")
        if scopes and EVERY_SCOPE not in self.scopes and self.scopes.isdisjoint(scopes):
            raise Forbidden("the token lacks the scope", hint=f"one of {', '.join(sorted(scopes))}")
        if levels and not self.application and self.levels.isdisjoint(levels):
            raise Forbidden("the user lacks the level", hint=f"one of {', '.join(levels)}")
