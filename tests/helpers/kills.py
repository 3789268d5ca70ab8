"""Kill a part of a hub in the middle of a student's work, and see what is lost."""

import asyncio
import os
import signal
import time

from class_hub import Student

LESSON = "05_training_loop.ipynb"
WORK = "import time\nfor turn in range(10_000):\n    time.sleep(0.01)"


async def begin(student, note):
    """Sign in, compute something, write something, and leave a cell running."""
    await student.sign_in()
    await student.open(LESSON)
    await student.run("kept = 41 + 1")
    student.content["cells"][0]["source"] = note
    await student.save()
    asked = await student.send(
        "execute_request", {"code": WORK, "silent": False, "stop_on_error": False}
    )
    one = {"header": {}, "parent_header": {}}
    while (one["header"].get("msg_type"), one["parent_header"].get("msg_id")) != (
        "execute_input",
        asked,
    ):
        one = await student.receive()


async def look(student, note):
    """What is lost, in words; a cell that runs is interrupted first."""
    await student.ask("POST", f"api/kernels/{student.kernel}/interrupt")
    lost = []
    status, model = await student.ask("GET", f"api/contents/{LESSON}")
    if status != 200 or model["content"]["cells"][0]["source"] != note:
        lost.append("what was saved")
    try:
        (output,) = await student.run("print(kept, turn > 0)")
        if output["text"] != "42 True\n":
            lost.append("variables")
    except (RuntimeError, ConnectionError) as error:
        lost.append(f"variables ({error})")
    return lost


async def comes_back(student):
    """Seconds until the student's server answers again."""
    begun = time.monotonic()
    while not await student.up():
        if time.monotonic() - begun > 120:
            raise TimeoutError("the server does not come back in 120 s")
        await asyncio.sleep(0.2)  # between two looks
    return time.monotonic() - begun


async def kill_hub(hub):
    """The hub: students go on, nobody can sign in until it is back."""
    async with Student(hub, "ana") as student:
        await begin(student, "before the hub")
        hub.kill()
        while hub.answers():
            await asyncio.sleep(0.05)  # between two looks
        lost = await look(student, "before the hub")  # without a hub
        begun = time.monotonic()
        hub.restart()
        while not hub.answers():
            await asyncio.sleep(0.1)  # between two looks
        await comes_back(student)
        return time.monotonic() - begun, "; ".join(lost) or "nothing"


async def kill_proxy(hub):
    """The proxy: pages lose their connection and find it again."""
    async with Student(hub, "ben") as student:
        await begin(student, "before the proxy")
        old = hub.proxy_pid()
        os.kill(old, signal.SIGKILL)
        seconds = await comes_back(student)
        await student.connect()
        lost = await look(student, "before the proxy")
        return seconds, "; ".join(lost) or "nothing"


async def kill_server(hub):
    """A student's server: it is started again by a click."""
    async with Student(hub, "eve") as student, Student(hub, "fay") as other:
        await begin(student, "before the server")
        await begin(other, "before the server")
        (server,) = [pid for pid in hub.processes("eve") if is_server(pid)]
        os.kill(server, signal.SIGKILL)
        theirs = await look(other, "before the server")
        begun = time.monotonic()
        await student.start_again()
        await student.open(LESSON)
        lost = await look(student, "before the server")
        lost += [f"{one} of another student" for one in theirs]
        return time.monotonic() - begun, "; ".join(lost) or "nothing"


def is_server(pid):
    """Is this a student's server, and not a kernel?"""
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return b"jupyterhub.singleuser" in file.read()
