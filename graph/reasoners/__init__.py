"""Those who think: rules without any network, models over the OpenAI protocol, and a chain of several."""
