"""Settings of each student's server, which Jupyter reads."""

from datetime import datetime
from pathlib import Path

from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import TraitType

HERE = Path(__file__).resolve().parent
c = get_config()  # noqa: F821


class Activity(TraitType[datetime, datetime]):
    """When a kernel last did something, which is now while one computes."""

    def get(self, manager, cls=None):
        """The server asks this, the hub asks the server, and the idle culler asks the hub."""
        if any(kernel.execution_state == "busy" for kernel in manager._kernels.values()):
            return utcnow()
        return super().get(manager, cls)


class PatientKernelManager(AsyncMappingKernelManager):
    """Does not let a training that prints nothing for an hour pass for an idle student."""

    last_kernel_activity = Activity()


c.ServerApp.kernel_manager_class = PatientKernelManager
# Sockets in a folder of the student's own: to a port on this machine any student could connect.
c.KernelManager.transport = "ipc"
c.LabApp.extension_manager = "readonly"  # the environment is everyone's
c.LabApp.app_settings_dir = str(HERE / "settings")
# Nothing of the course needs a language server, or the other interface.
c.ServerApp.jpserver_extensions = {
    "jupyter_lsp": False,
    "jupyterlab": True,
    "notebook": False,
    "notebook_shim": False,
}
