"""The files of a class's server: their pins, values and settings agree with the rest."""

import json
import os
import re
import subprocess
import sys

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement

from conftest import NO_SCHEMA, ROOT

HUB = ROOT / "deploy" / "jupyterhub"
SCHEMA = ROOT.parent / "shared" / "data" / "z2jh" / "values.schema.yaml"
VALUES = yaml.safe_load((HUB / "z2jh.yaml").read_text())
CONTAINER = (HUB / "Containerfile").read_text()


def pins(path):
    return {pin.name: pin for pin in map(Requirement, path.read_text().splitlines())}


def test_the_hub_has_the_versions_of_the_course():
    course, hub = pins(ROOT / "constraints.txt"), pins(HUB / "constraints.txt")
    shared = course.keys() & hub.keys()
    assert {"torch", "jupyterlab", "ipykernel"} <= shared
    assert [name for name in shared if course[name].specifier != hub[name].specifier] == []
    assert not re.search(r"://|@|\+", (HUB / "constraints.txt").read_text())


def test_every_package_of_the_hub_has_a_pin_that_fits():
    lines = (line.partition("#")[0] for line in (HUB / "requirements.txt").read_text().splitlines())
    hub = pins(HUB / "constraints.txt")
    wanted = [Requirement(line) for line in lines if line.strip()]
    assert len(wanted) == 3
    for one in wanted:
        (pin,) = hub[one.name].specifier
        assert pin.version in one.specifier


def test_the_proxy_is_pinned_and_its_lock_names_no_address():
    wanted = json.loads((HUB / "package.json").read_text())["dependencies"]
    lock = json.loads((HUB / "package-lock.json").read_text())["packages"]
    for name, number in wanted.items():
        assert lock[f"node_modules/{name}"]["version"] == number
    assert all("integrity" in one and "resolved" not in one for name, one in lock.items() if name)


# ----------------------------------------------------------------------------- Kubernetes


def faults(values):
    """What the schema says of them. What is required and not there has the chart's own value."""
    schema = yaml.safe_load(SCHEMA.read_text())
    found = jsonschema.Draft202012Validator(schema).iter_errors(values)
    return [one.message for one in found if one.validator != "required"]


needs_schema = pytest.mark.skipif(not SCHEMA.exists(), reason=NO_SCHEMA)


@needs_schema
def test_the_values_are_those_that_the_chart_knows():
    assert faults(VALUES) == []


@needs_schema
@pytest.mark.parametrize(
    "wrong", [{"singleuser": {"memroy": {}}}, {"cull": {"timeout": "an hour"}}, {"hubs": {}}]
)
def test_values_that_the_chart_does_not_know_are_found(wrong):
    assert len(faults(VALUES | wrong)) == 1


def test_a_container_starts_what_a_local_server_starts():
    program = "/opt/lessons/deploy/jupyterhub/student/start.py"
    assert VALUES["singleuser"]["cmd"] == ["python", program]
    assert f'CMD ["python", "{program}"]' in CONTAINER
    copied = re.findall(r"^COPY (.+) \S+$", CONTAINER, re.M)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
    used = re.findall(r"deploy/jupyterhub/\S+\.(?:txt|py)", CONTAINER)
    assert used and all((ROOT / path.removeprefix("/opt/lessons/")).exists() for path in used)
    home = VALUES["singleuser"]["storage"]["homeMountPath"]
    assert f"WORKDIR {home}" in CONTAINER


def test_limits_are_the_same_everywhere():
    config = (HUB / "jupyterhub_config.py").read_text()
    limit = VALUES["singleuser"]["memory"]["limit"]
    assert f'c.Spawner.mem_limit = "{limit}"' in config
    assert f"--timeout={VALUES['cull']['timeout']}" in config


# --------------------------------------------------------------------------------- Binder


def test_binder_installs_the_same_pins():
    found = yaml.safe_load((ROOT / ".binder" / "environment.yml").read_text())
    assert found["dependencies"][-1] == {"pip": ["--constraint ../constraints.txt", "uv"]}
    course = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert found["dependencies"][:-1] == course["dependencies"][:-1]
    script = ROOT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert "--torch-backend cpu --constraint constraints.txt --editable .\n" in script.read_text()


# ------------------------------------------------------------------- what is left out of torch

SAME = """
import sys, torch
torch.manual_seed(0)
model = torch.nn.Linear(3, 2)
kinds = (torch.optim.AdamW, torch.optim.SGD)
optimizers = [kind(model.parameters(), fused=True) for kind in kinds]
for optimizer in optimizers * 3:
    optimizer.zero_grad()
    model(torch.ones(4, 3)).square().sum().backward()
    optimizer.step()
print(model.weight.tolist())
print("torch._dynamo.config" in sys.modules, file=sys.stderr)
"""
COMPILED = """
import torch
model = torch.nn.Linear(3, 2)
optimizer = torch.optim.AdamW(model.parameters())
optimizer.step()
compiled = torch.compile(model, backend="eager")
print(torch.equal(compiled(torch.ones(4, 3)), model(torch.ones(4, 3))))
compiled(torch.ones(4, 3)).sum().backward()
optimizer.step()
import torch._dynamo.config
print(torch._dynamo.is_compiling())
"""


def python(code, light):
    env = os.environ | ({"PYTHONPATH": str(HUB / "student" / "light")} if light else {})
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True)


def test_without_the_compiler_training_is_the_same():
    light, whole = python(SAME, True), python(SAME, False)
    assert light.stdout == whole.stdout
    assert (light.stderr, whole.stderr) == ("False\n", "True\n")


def test_who_wants_the_compiler_gets_it():
    assert python(COMPILED, True).stdout == "True\nFalse\n"
