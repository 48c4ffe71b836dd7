"""What deploy/azure/infra says, checked without Azure and without Bicep's compiler."""

import json
import re
from pathlib import Path

import pytest

from inference_core.settings import Settings, settings_table
from tests.assets import ROOT
from tests.deploy import bicep
from tests.deploy.bicep import FILES, FOLDER, MAIN

ROLES = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


@every_file
def test_a_parser_accepts_the_file(file: Path) -> None:
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_bicep")
    tree = tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(file.read_bytes())
    assert not tree.root_node.has_error


@every_file
def test_brackets_are_in_balance(file: Path) -> None:
    closing = {")": "(", "]": "[", "}": "{"}
    opened: list[str] = []
    for character in bicep.bare(file):
        if character in closing.values():
            opened.append(character)
        elif character in closing:
            assert opened.pop() == closing[character]
    assert opened == []


@every_file
def test_every_parameter_is_described_and_used(file: Path) -> None:
    words = re.findall(r"\w+", bicep.bare(file))
    parameters = bicep.parameters(file).values()
    assert [p.name for p in parameters if "@description(" not in p.decorators] == []
    assert [p.name for p in parameters if words.count(p.name) == 1] == []


def test_modules_get_what_they_declare() -> None:
    called = bicep.modules(MAIN)
    assert {module.file for module in called.values()} == {file for file in FILES if file != MAIN}
    for module in called.values():
        declared = bicep.parameters(module.file)
        assert module.passed <= declared.keys()
        assert {name for name, p in declared.items() if p.default is None} <= module.passed


def test_outputs_that_are_read_exist() -> None:
    called = bicep.modules(MAIN)
    for name, output in re.findall(r"(\w+)!?\.outputs\.(\w+)", bicep.bare(MAIN)):
        assert output in bicep.outputs(called[name].file)


@every_file
def test_api_versions_are_dated_and_final(file: Path) -> None:
    for kind, version in bicep.resources(file):
        preview = "-preview" if kind == "Microsoft.Insights/diagnosticSettings" else ""  # has no final one
        assert re.fullmatch(rf"20\d\d-\d\d-\d\d{preview}", version)


def test_roles_are_the_built_in_ones_and_each_is_given() -> None:
    ids = re.findall(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'", "".join(map(bicep.text, FILES)))
    assert sorted(ids) == sorted(ROLES.values())


@every_file
def test_no_secret_is_written_down(file: Path) -> None:
    for parameter in bicep.parameters(file).values():
        is_secret = re.search(r"key$|token$|digests$", parameter.name, re.IGNORECASE) and parameter.name != "token"
        assert bool(is_secret) == ("@secure()" in parameter.decorators)
        assert not is_secret or parameter.default in (None, "''")
    assert re.search(r"AccountKey|listKeys|sharedKey\b|listCredentials|newGuid", bicep.text(file)) is None


def test_nothing_is_opened_by_a_password() -> None:
    modules = FOLDER / "infra" / "modules"
    assert "allowSharedKeyAccess: false" in bicep.text(modules / "storage.bicep")
    assert "adminUserEnabled: false" in bicep.text(modules / "registry.bicep")
    assert "DisableLocalAuth: true" in bicep.text(modules / "monitor.bicep")
    assert "properties: { allow: false }" in bicep.text(modules / "app-service.bicep")


def test_every_setting_is_one_of_satchels() -> None:
    known = set(re.findall(r"`(SATCHEL_\w+)`", settings_table()))
    named = {name for file in FOLDER.rglob("*.*") for name in re.findall(r"SATCHEL_[A-Z_]+", file.read_text())}
    assert named - known == set()


def test_satchel_accepts_the_settings_that_the_app_gets() -> None:
    main = bicep.text(MAIN)
    plain = set(re.findall(r"name: '(SATCHEL_\w+)', value:", main))
    secret = set(re.findall(r"name: '(SATCHEL_\w+)', secret:", main))
    assert secret == {"SATCHEL_API_KEYS", "SATCHEL_REMOTE_TOKEN"}
    sample = {
        "SATCHEL_MODE": "remote",
        "SATCHEL_OVERFLOW": "off",
        "SATCHEL_REMOTE_URL": "https://models.example.org",
        "SATCHEL_REMOTE_PROTOCOL": "oip-http",
        "SATCHEL_REMOTE_IDENTITY": "api://models/.default",
        "SATCHEL_LOG_FORMAT": "json",
        "SATCHEL_API_KEYS": "0" * 64,
        "SATCHEL_REMOTE_TOKEN": "t",
    }
    assert sample.keys() == plain | secret
    Settings.from_environment(sample)


@pytest.mark.parametrize("name", ["mode", "overflow", "remoteProtocol"])
def test_choices_are_those_of_the_setting(name: str) -> None:
    variable = "SATCHEL_" + re.sub("([A-Z])", r"_\1", name).upper()
    allowed = re.search(r"@allowed\((.*)\)", bicep.parameters(MAIN)[name].decorators)
    assert allowed is not None
    for choice in filter(None, re.findall(r"'([^']*)'", allowed[1])):
        Settings.from_environment({variable: choice})


def test_ports_and_probes_are_those_of_the_images() -> None:
    app = bicep.text(FOLDER / "infra" / "modules" / "container-app.bicep")
    site = bicep.text(FOLDER / "infra" / "modules" / "app-service.bicep")
    assert "var port = 8080" in app
    assert "targetPort: port" in app
    assert "name: 'WEBSITES_PORT', value: '8080'" in site
    assert re.findall(r"type: '(\w+)'\s+httpGet: \{ path: '([^']+)', port: port \}", app) == [
        ("Liveness", "/health/live"),
        ("Readiness", "/health/ready"),
        ("Startup", "/health/live"),
    ]
    assert "healthCheckPath: '/health/ready'" in site
    assert '@_open("health", "health/{*probe}")' in (ROOT / "function_app" / "function_app.py").read_text()


def test_the_function_app_leaves_scale_rules_to_the_platform() -> None:
    assert "rules: isFunction ? null :" in bicep.text(FOLDER / "infra" / "modules" / "container-app.bicep")


def test_the_host_finds_its_keys_in_files() -> None:
    app = bicep.text(FOLDER / "infra" / "modules" / "container-app.bicep")
    vault = bicep.text(FOLDER / "infra" / "modules" / "vault.bicep")
    keys = re.findall(r"secret: '([\w-]+)', path: '([\w.]+)', source: '([\w-]+)'", app)
    assert [path for _, path, _ in keys] == ["host.function.default", "host.master"]
    assert {source for _, _, source in keys} == set(re.findall(r"name: '(host--[\w-]+)'", vault))
    assert "name: 'AzureWebJobsSecretStorageType', value: 'containerapps'" in app
    assert "mountPath: '/run/secrets/functions-keys'" in app


def test_parameters_are_those_of_the_template() -> None:
    given = json.loads((FOLDER / "infra" / "main.parameters.json").read_text())["parameters"]
    declared = bicep.parameters(MAIN)
    assert given.keys() <= declared.keys()
    assert {name for name, p in declared.items() if p.default is None} <= given.keys()
    for value in (entry["value"] for entry in given.values()):
        assert not isinstance(value, str) or re.fullmatch(r"\$\{\w+(=[\w-]+)?\}|\$\(secretOrRandomPassword .*\)", value)
