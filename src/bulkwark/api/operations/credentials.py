"""Personal access tokens and OAuth clients."""

from __future__ import annotations

from bulkwark.api.operations.shape import ADMIN, ALL, ANY, Operation, operation

TOKEN_READ = (
    "sp:my-personal-access-tokens:read",
    "sp:my-personal-access-tokens:manage",
    "sp:all-personal-access-tokens:read",
    "sp:all-personal-access-tokens:manage",
)
TOKEN_MANAGE = ("sp:my-personal-access-tokens:manage", "sp:all-personal-access-tokens:manage")
CLIENT_READ = ("sp:oauth-client:read", "sp:oauth-client:manage")
CLIENT_MANAGE = ("sp:oauth-client:manage",)
_TOKENS, _CLIENTS = "/personal-access-tokens", "/oauth-clients"


OPERATIONS: tuple[Operation, ...] = (
    operation("listPersonalAccessTokens", f"GET {_TOKENS}", ALL, TOKEN_READ, ANY, 200, "tokens.list_tokens"),
    operation("createPersonalAccessToken", f"POST {_TOKENS}", ALL, TOKEN_MANAGE, ANY, 200, "tokens.create"),
    operation("patchPersonalAccessToken", f"PATCH {_TOKENS}/{{id}}", ALL, TOKEN_MANAGE, ANY, 200, "tokens.patch"),
    operation("deletePersonalAccessToken", f"DELETE {_TOKENS}/{{id}}", ALL, TOKEN_MANAGE, ANY, 204, "tokens.delete"),
    operation("listOauthClients", "GET /oauth-clients", ALL, CLIENT_READ, ADMIN, 200, "clients.list_clients"),
    operation("createOauthClient", "POST /oauth-clients", ALL, CLIENT_MANAGE, ADMIN, 200, "clients.create"),
    operation(
        "getOauthClient", f"GET {_CLIENTS}/{{id}}", ALL, CLIENT_READ, ADMIN, 200, "clients.get", application=True
    ),
    operation("patchOauthClient", "PATCH /oauth-clients/{id}", ALL, CLIENT_MANAGE, ADMIN, 200, "clients.patch"),
    operation("deleteOauthClient", "DELETE /oauth-clients/{id}", ALL, CLIENT_MANAGE, ADMIN, 204, "clients.delete"),
)
