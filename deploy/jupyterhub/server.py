"""A hub on a server of its own, with systemd: README.md says how.

systemd makes a user for each student while their server runs, keeps their files apart, and holds
their limits. Who may sign in is one line a student in `/etc/lessons/students`.
"""

from pathlib import Path

HERE = Path(__file__).resolve().parent
ETC, DATA = Path("/etc/lessons"), Path("/var/lib/lessons-hub")
c = get_config()  # noqa: F821
# By its whole path: one that is not found is passed over in silence.
load_subconfig(str(HERE / "jupyterhub_config.py"))  # noqa: F821


def refuse_taken(spawner):
    """A student must not be called as a program whose files are in /var/lib.

    Those of students are links, which systemd lays.
    """
    folder = Path("/var/lib", spawner.user.name)
    if folder.exists() and not folder.is_symlink():
        raise ValueError(f"There is {folder}, so no student can be called {spawner.user.name}.")


c.JupyterHub.spawner_class = "systemd"
c.Spawner.pre_spawn_hook = refuse_taken
c.SystemdSpawner.dynamic_users = True
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.isolate_devices = True
c.SystemdSpawner.disable_user_sudo = True
c.SystemdSpawner.unit_extra_properties = {"TasksMax": "200", "MemorySwapMax": "0"}

# The proxy is a unit of its own, so that it outlives the hub. A web server before it has the
# certificate.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.auth_token = (ETC / "proxy-token").read_text().strip()
c.JupyterHub.db_url = f"sqlite:///{DATA / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(DATA / "cookie_secret")

c.Authenticator.allowed_users = set((ETC / "students").read_text().split())
# How they sign in: OAuth, LTI or another authenticator, in a file of your own.
load_subconfig(str(ETC / "sign_in.py"))  # noqa: F821
