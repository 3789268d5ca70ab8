"""A hub to try, on this machine alone: `make hub`.

Every student's server runs as the user who starts the hub. So students could read each other's
files here, and whoever knows the password can sign in under any name. No system user is made.
"""

import os
import secrets
from pathlib import Path

HERE = Path(__file__).resolve().parent
c = get_config()  # noqa: F821
# By its whole path: one that is not found is passed over in silence.
load_subconfig(str(HERE / "jupyterhub_config.py"))  # noqa: F821

# All that the hub writes, and the students' homes.
DATA = Path(os.environ.get("LESSONS_HUB") or HERE.parents[1] / ".hub")
DATA.mkdir(mode=0o700, parents=True, exist_ok=True)


def kept_password() -> str:
    """The password of this trial, chosen when it was first started."""
    file = DATA / "password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(4))
    return file.read_text()


c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(DATA / "students" / "{username}")
# Tells a test which processes are its own.
c.Spawner.env_keep.append("LESSONS_MARK")
c.JupyterHub.services[0]["environment"] = {"LESSONS_MARK": os.environ.get("LESSONS_MARK", "")}
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = kept_password()
c.Authenticator.allow_all = True

PORT = int(os.environ.get("LESSONS_PORT") or 8000)  # and two more
c.JupyterHub.bind_url = f"http://127.0.0.1:{PORT}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{PORT + 81}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORT + 1}"
c.ConfigurableHTTPProxy.pid_file = str(DATA / "proxy.pid")
c.JupyterHub.cleanup_servers = True
c.JupyterHub.db_url = f"sqlite:///{DATA / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(DATA / "cookie_secret")
c.JupyterHub.log_level = "WARN"

print(
    f"Open http://127.0.0.1:{PORT} and sign in with any name and the password "
    f"{kept_password()}. Ctrl-C ends it.",
    flush=True,
)
