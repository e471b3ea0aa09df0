"""Settings of the demo product: where the onboarding agent is, and the keys of the demo company."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

# Both kinds of address end up inside a Content-Security-Policy header, so nothing but a bare origin may pass.
HttpOrigin = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+$")]
WsOrigin = Annotated[str, StringConstraints(pattern=r"^wss?://[A-Za-z0-9.\-\[\]:]+$")]


class DemoConfig(BaseSettings):
    """What the demo product needs to know; each field can also come from the environment (`DEMO_API_URL`, …)."""

    model_config = SettingsConfigDict(env_prefix="DEMO_", frozen=True)

    api_url: HttpOrigin = Field(description="Origin of the API as the demo's server reaches it")
    public_api_url: HttpOrigin = Field(description="Origin of the API as the visitor's browser reaches it")
    ws_url: WsOrigin = Field(description="Origin of the WebSocket gateway as the visitor's browser reaches it")
    public_key: str = Field(description="Public key (pk_…) of the demo company; printed in the page")
    secret_key: SecretStr = Field(description="Secret key (sk_…) of the demo company; stays on the server")
    company: str = Field(default="Curlewfield", description="Name of the demo product, as its pages show it")
    host: str = Field(default="127.0.0.1", description="Address the demo listens on")
    port: int = Field(default=8080, ge=0, le=65535, description="Port the demo listens on; 0 picks a free one")
    token_timeout: float = Field(default=5.0, gt=0, description="Seconds to wait for the API to mint a user token")
