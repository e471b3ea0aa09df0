"""User tokens for the demo's visitors, minted on its server side with the secret key, as any host does it."""

from typing import Annotated

import httpx2
from pydantic import BaseModel, StringConstraints, ValidationError

from local.demo.config import DemoConfig


class UserToken(BaseModel):
    """The API's answer; `expires_at` is ISO 8601 and passed on as it came."""

    token: Annotated[str, StringConstraints(min_length=1)]
    expires_at: str


class TokenUnavailable(Exception):
    """The API did not mint a token: unreachable, slow, refusing, or answering nonsense."""


async def mint_user_token(client: httpx2.AsyncClient, config: DemoConfig, user_id: str) -> UserToken:
    """Ask the API for a token of `user_id`; raises `TokenUnavailable`, whatever went wrong."""
    try:
        answer = await client.post(
            f"{config.api_url}/api/v1/user-tokens",
            headers={"X-API-Key": config.secret_key.get_secret_value()},
            json={"user_id": user_id},
            timeout=config.token_timeout,
        )
        answer.raise_for_status()
        return UserToken.model_validate_json(answer.content)
    except (httpx2.HTTPError, ValidationError) as error:
        # The original may quote the request with the secret key, so only its kind is passed on.
        raise TokenUnavailable(type(error).__name__) from None
