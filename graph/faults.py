"""Which failures of a node pass by themselves. LangGraph's own default retries bad requests and not timeouts."""

from core.errors import Unavailable


def is_transient(error: BaseException) -> bool:
    """Tell whether trying the node again in a moment may help: a store or a connection was away."""
    return isinstance(error, Unavailable | ConnectionError | TimeoutError)
