"""What is the same for every hub: each student's server, and when it ends.

`trial.py` and `server.py` read this first, and add who may sign in and how servers are started.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROXY = Path(sys.prefix) / "node_modules" / ".bin" / "configurable-http-proxy"
c = get_config()  # noqa: F821

c.Spawner.cmd = [sys.executable, str(HERE / "student" / "start.py")]
c.Spawner.default_url = "/lab/tree/00_start_here.ipynb"
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_limit = 1.0
c.Spawner.poll_interval = 10  # seconds until the hub notices that a server has ended
c.Spawner.start_timeout = c.Spawner.http_timeout = 60  # seconds
# A folder with AG News, downloaded once: see README.md.
c.Spawner.environment = {
    name: os.environ[name] for name in ("LESSONS_DOWNLOAD", "LESSONS_SOURCE") if name in os.environ
}

c.ConfigurableHTTPProxy.command = [str(PROXY)]
# Servers outlive the hub: one that is updated or has crashed finds them again.
c.JupyterHub.cleanup_servers = False
c.JupyterHub.concurrent_spawn_limit = 30  # a class arrives at once

# A server whose student does nothing, and that computes nothing, ends after an hour. What was typed
# is saved every 30 seconds: student/settings.
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]
