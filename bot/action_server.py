"""The action server: rasa-sdk's own, bound to the address that the settings name instead of to every address."""

import warnings

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor

from bot.settings import settings


def run() -> None:
    """The process `actions`."""
    url = settings().actions_url
    host, port = (url.host, url.port) if url is not None else ("127.0.0.1", 5055)
    # The newer action server speaks the older rasa's protocol; tests hold that.
    warnings.filterwarnings("ignore", message="Your versions of rasa and rasa_sdk")
    executor = ActionExecutor()
    executor.register_package("actions")
    app = create_app(executor)
    app.run(host=host, port=port, single_process=True, access_log=False, motd=False)
