"""A real hub on loopback: students sign in, work, and keep out of each other's way."""

import ast
import asyncio
import grp
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from class_hub import HUB, NO_HUB, PYTHON, ROOT, Student, class_hub, marked
from kills import kill_hub, kill_proxy, kill_server

from conftest import NO_ROOT

LESSON = "05_training_loop.ipynb"
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason=NO_HUB)


@pytest.fixture(scope="module")
def hub():
    with tempfile.TemporaryDirectory(prefix="hub") as folder, class_hub(Path(folder)) as hub:
        yield hub
    assert hub.processes() == []


def sources(notebook):
    return ["".join(cell["source"]) for cell in json.loads(notebook.read_text())["cells"]]


def do(work):
    """Run it in a thread of its own: after tests in a browser this one has a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def within(work, seconds):
    return await asyncio.wait_for(work, seconds)


async def printed(student, source):
    return "".join(one.get("text", "") for one in await student.run(source))


def test_two_students_run_a_lesson_train_and_stop(hub):
    async def attend(name):
        async with Student(hub, name) as student:
            await student.sign_in(120)
            await student.open(LESSON)
            await student.run_all()
            await student.put("epochs", 30)
            await student.put("batch size", 8)
            assert await student.stop_seconds() < 5
            await student.save()

    async def both():
        await asyncio.gather(attend("ana"), attend("ben"))

    do(both())
    original = sources(ROOT / "notebooks" / LESSON)
    for name in ("ana", "ben"):
        folder = hub.students / name / "lessons"
        assert (folder / "00_start_here.ipynb").read_bytes() == (
            ROOT / "notebooks" / "00_start_here.ipynb"
        ).read_bytes()
        assert sources(folder / LESSON) == original


def test_only_who_knows_the_password_gets_in(hub):
    async def work():
        async with Student(hub, "eve") as student:
            with pytest.raises(PermissionError):
                await student.sign_in(password="a guess of eve")

    do(work())
    assert not (hub.students / "eve").exists()


LIMITS = """
import resource, torch, os, sys
print(torch.get_num_threads(), resource.getrlimit(resource.RLIMIT_DATA))
try:
    torch.zeros(2**29)
except RuntimeError as error:
    print("refused" if "memory" in str(error) else error)
optimizer = torch.optim.AdamW(torch.nn.Linear(2, 2).parameters())
optimizer.step()
print(sum(name.startswith("torch._dynamo") for name in sys.modules))
"""


def test_a_student_has_one_thread_a_gigabyte_and_settings_of_the_class(hub):
    async def work():
        async with Student(hub, "ana") as student:
            await student.sign_in(120)
            await student.open(LESSON)
            assert await printed(student, LIMITS) == f"1 ({2**30}, {2**30})\nrefused\n1\n"
            status, found = await student.ask(
                "GET", "lab/api/settings/@jupyterlab/docmanager-extension:plugin"
            )
            autosave = found["schema"]["properties"]["autosaveInterval"]
            assert (status, autosave["default"]) == (200, 30)
            (kernel,) = [pid for pid in hub.processes("ana") if "ipykernel" in command(pid)]
            # Its sockets are in the student's own folder, but for one that takes in what forked
            # processes print, and only with a number that no other user knows.
            assert len(listening(kernel)) <= 1
            sockets = list((hub.students / "ana" / ".run").glob("kernel-*-ipc-*"))
            assert len(sockets) >= 5 and all(socket.is_socket() for socket in sockets)
            with pytest.raises(RuntimeError, match="debugpy"):
                await student.run("import debugpy")

    do(work())


def command(pid):
    return Path(f"/proc/{pid}/cmdline").read_text()


def listening(pid):
    """The TCP ports that a process listens on."""
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    ports = {f"socket:[{one[9]}]": int(one[1].split(":")[1], 16) for one in lines if one[3] == "0A"}
    mine = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            mine.add(os.readlink(file))
        except FileNotFoundError:
            continue
    return {port for socket, port in ports.items() if socket in mine}


def test_a_kernel_that_computes_and_prints_nothing_is_no_idle_one(hub):
    async def work():
        async with Student(hub, "ana") as student:
            await student.sign_in(120)
            await student.open(LESSON)
            await student.run("import time")
            await student.send("execute_request", {"code": "time.sleep(4)", "silent": False})
            while not student_is_busy(await student.receive()):
                pass
            first, second = [(await activity(student)), None]
            await asyncio.sleep(1.1)  # the time that must count as activity
            second = await activity(student)
            assert second > first

    do(work())


def student_is_busy(message):
    return message["header"]["msg_type"] == "execute_input"


async def activity(student):
    """When the server's kernels last did something, which the hub is told."""
    status, found = await student.ask("GET", "api/status")
    assert status == 200
    return found["last_activity"]


async def others_server(student, other):
    """What the answers are where a student asks for another's server."""
    server = f"{student.hub.address}/user/{other}"
    paths = ("api/contents", "api/kernels", "lab", f"files/{LESSON}")
    answers = [await student.http.get(f"{server}/{path}") for path in paths]
    return {answer.status_code for answer in answers}


# ------------------------------------------------------------------------------ the settings

UNKNOWN = """
import sys
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.spawner import SimpleLocalProcessSpawner, Spawner
from systemdspawner import SystemdSpawner
from traitlets.config.loader import PyFileConfigLoader

config = PyFileConfigLoader(sys.argv[1]).load_config()
print("unknown:", [
    f"{section}.{name}"
    for section, values in config.items()
    for name in values
    if name not in globals()[section].class_traits()
])
print(config.Spawner.mem_limit, config.Spawner.cmd[1:], config.JupyterHub.bind_url)
"""


@pytest.mark.parametrize("name", ["trial.py", "server.py"])
def test_every_setting_is_one_that_jupyterhub_knows(name, tmp_path):
    for file in ("jupyterhub_config.py", name):
        text = (HUB / file).read_text().replace("/etc/lessons", str(tmp_path))
        (tmp_path / file).write_text(text)
    for file, text in {"students": "ana\nben\n", "proxy-token": "x", "sign_in.py": ""}.items():
        (tmp_path / file).write_text(text)
    env = os.environ | {"LESSONS_HUB": str(tmp_path / "data"), "LESSONS_PORT": ""}
    command = [PYTHON, "-c", UNKNOWN, tmp_path / name]
    said = subprocess.check_output(command, env=env, text=True)
    assert "unknown: []\n" in said
    start = str(tmp_path / "student" / "start.py")
    assert said.endswith(f"1G [{start!r}] http://127.0.0.1:8000\n")


def test_nobody_is_called_as_a_folder_of_the_system(tmp_path):
    """With systemd a student's files are in /var/lib, under their name."""
    text = (HUB / "server.py").read_text()
    (function,) = [one for one in ast.parse(text).body if isinstance(one, ast.FunctionDef)]
    names = {"Path": lambda *parts: tmp_path.joinpath(*parts[1:])}
    exec(ast.unparse(function), names)
    (tmp_path / "dpkg").mkdir()
    (tmp_path / "ana").symlink_to("private/ana")
    for name in ("ana", "ben"):
        names["refuse_taken"](SimpleNamespace(user=SimpleNamespace(name=name)))
    with pytest.raises(ValueError, match="no student can be called dpkg"):
        names["refuse_taken"](SimpleNamespace(user=SimpleNamespace(name="dpkg")))


# ------------------------------------------------- users of their own, as on a real server

ISOLATED = """
load_subconfig({config!r})
c = get_config()
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.env_keep = ["PATH", "LESSONS_MARK"]
c.Spawner.cmd = [{python!r}, {start!r}]
c.ConfigurableHTTPProxy.pid_file = {folder!r} + "/proxy.pid"
c.JupyterHub.db_url = "sqlite:///" + {folder!r} + "/hub.sqlite"
c.JupyterHub.cookie_secret_file = {folder!r} + "/cookie_secret"
c.JupyterHub.cleanup_servers = True
c.JupyterHub.services = []
c.JupyterHub.load_roles = []
"""


@pytest.fixture
def two_users():
    """Two system users for a while, with private homes."""
    if os.geteuid() != 0 or not shutil.which("useradd"):
        pytest.skip(NO_ROOT)
    names = [f"lessons-{letter}-{uuid.uuid4().hex[:6]}" for letter in "ab"]
    with tempfile.TemporaryDirectory(prefix="homes") as homes:
        os.chmod(homes, 0o711)
        try:
            for name in names:
                subprocess.run(
                    ["useradd", "--create-home", "-K", "UMASK=0077", "-d", f"{homes}/{name}", name],
                    check=True,
                    capture_output=True,
                )
            yield names
        finally:
            for name in names:
                subprocess.run(["userdel", name], check=False, capture_output=True)
    left = {one.pw_name for one in pwd.getpwall()} | {one.gr_name for one in grp.getgrall()}
    assert not left & set(names)


def python_for_all(folder):
    """The hub's Python; one that every user may start, with its packages, if that is root's."""
    site = next((ROOT / ".venv-hub" / "lib").glob("python*/site-packages"))
    public = Path(f"/usr/bin/{site.parent.name}")
    if open_to_all(PYTHON.resolve()):
        return PYTHON
    if not (open_to_all(public) and open_to_all(site.resolve())):
        pytest.skip("needs a Python and a checkout that every user may read")
    subprocess.run([public, "-m", "venv", "--without-pip", folder], check=True)
    (twin,) = folder.glob("lib/python*/site-packages")
    (twin / "hub.pth").write_text(f"import site; site.addsitedir({str(site)!r})\n")
    for name in ("share", "etc"):
        if (ROOT / ".venv-hub" / name).exists():
            (folder / name).symlink_to(ROOT.resolve() / ".venv-hub" / name)
    return folder / "bin" / "python"


def open_to_all(path):
    """May every user go there?"""
    return path.exists() and all(one.stat().st_mode & 0o001 for one in (path, *path.parents))


SPY = """
import os, subprocess
home = os.path.expanduser("~{other}")
def tried(path):
    try:
        return os.listdir(path) if os.path.isdir(path) else open(path).read()
    except OSError as error:
        return error.strerror
print(os.getuid() == {uid}, os.access({root!r}, os.W_OK), os.access({notebooks!r}, os.W_OK))
for path in (home, home + "/lessons", home + "/lessons/{lesson}", home + "/.run"):
    print(tried(path))
print(tried("/proc/{server}/environ"))
for folder in ({hub!r},):
    print(tried(folder))
"""


def test_students_cannot_reach_each_others_files_or_servers(two_users):
    ana, ben = two_users

    async def work(hub):
        async with Student(hub, ana) as one, Student(hub, ben) as other:
            await asyncio.gather(one.sign_in(120), other.sign_in(120))
            assert await others_server(one, ben) <= {403, 404}
            assert (await one.ask("GET", "api/contents"))[0] == 200
            server = next(pid for pid in hub.processes(ben) if "singleuser" in command(pid))
            (port,) = listening(server)
            answer = await one.http.get(f"http://127.0.0.1:{port}/user/{ben}/api/contents")
            assert answer.status_code in (403, 404)
            await one.open(LESSON)
            spy = SPY.format(
                other=ben,
                uid=pwd.getpwnam(ana).pw_uid,
                root=str(ROOT / "src"),
                notebooks=str(ROOT / "notebooks" / LESSON),
                lesson=LESSON,
                server=server,
                hub=str(hub.folder),
            )
            return (await printed(one, spy)).splitlines()

    with tempfile.TemporaryDirectory(prefix="hub") as folder:
        os.chmod(folder, 0o711)
        data, config = Path(folder) / "data", Path(folder) / "config.py"
        python = python_for_all(Path(folder) / "python")
        values = {"python": str(python), "start": str(HUB / "student" / "start.py")}
        values |= {"config": str(HUB / "jupyterhub_config.py"), "folder": str(data)}
        config.write_text(ISOLATED.format(password="a class of beginners", **values))
        with class_hub(data, config=config) as hub:
            who, *seen = do(work(hub))
    assert who == "True False False"
    assert seen == ["Permission denied"] * 6


# ------------------------------------------------------------- slower ones, for make soak


@pytest.mark.soak
@pytest.mark.parametrize("kill", [kill_hub, kill_proxy])
def test_nothing_is_lost_when_the_hub_or_the_proxy_is_killed(kill, tmp_path):
    with class_hub(tmp_path) as hub:
        seconds, lost = do(kill(hub))
    assert lost == "nothing" and seconds < 60
    assert hub.processes() == []


@pytest.mark.soak
def test_of_a_server_that_is_killed_the_files_are_left(tmp_path):
    with class_hub(tmp_path) as hub:
        seconds, lost = do(kill_server(hub))
    assert lost.startswith("variables") and ";" not in lost and seconds < 120


CULLED = """
load_subconfig({config!r})
c = get_config()
c.JupyterHub.services[0]["command"][-1:] = ["--timeout=8", "--cull-every=1"]
c.Spawner.environment = {{"JUPYTERHUB_ACTIVITY_INTERVAL": "1"}}
"""


@pytest.mark.soak
def test_an_idle_server_ends_with_all_saved_and_one_that_trains_goes_on(tmp_path):
    config = tmp_path / "config.py"
    config.write_text(CULLED.format(config=str(HUB / "trial.py")))

    async def work(hub):
        async with Student(hub, "idle") as idle, Student(hub, "busy") as busy:
            await asyncio.gather(idle.sign_in(120), busy.sign_in(120))
            await busy.open(LESSON)
            await busy.send(
                "execute_request", {"code": "import time; time.sleep(60)", "silent": False}
            )
            while hub.processes("idle"):
                await asyncio.sleep(0.2)  # between two looks
            end = time.monotonic() + 12  # more than the idle one was given
            while time.monotonic() < end:
                assert any("ipykernel" in command(pid) for pid in hub.processes("busy"))
                await asyncio.sleep(0.5)  # between two looks
            assert (hub.students / "idle" / "lessons" / LESSON).exists()
            await idle.start_again()

    with class_hub(tmp_path / "data", config=config) as hub:
        do(within(work(hub), 120))


def test_nothing_is_left_when_whoever_started_the_hub_is_killed(tmp_path):
    """By a signal that cannot be caught, as when a test run is broken off."""
    script = (
        "import sys; from pathlib import Path\n"
        f"sys.path.insert(0, {str(ROOT / 'tests' / 'helpers')!r})\n"
        "from class_hub import ClassHub\n"
        f"hub = ClassHub(Path({str(tmp_path)!r})); hub.start()\n"
        "print(hub.mark, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        mark = starter.stdout.readline().strip()
        assert mark.startswith("lessons-hub-") and len(list(marked(mark))) >= 4  # guard, hub, ...
        starter.kill()
    end = 60
    while list(marked(mark)) and end:
        end -= 1
        subprocess.run(["sleep", "0.5"], check=True)  # between two looks
    assert list(marked(mark)) == []
