"""Settings from the environment: strict, complete, and back again."""

import dataclasses
from pathlib import Path

import pytest

from inference_core.errors import SettingsError
from inference_core.settings import Settings, settings_table

NAMES = (
    "SATCHEL_MODELS, SATCHEL_ENGINE, SATCHEL_DEVICE, SATCHEL_THREADS, SATCHEL_HOST, SATCHEL_PORT, "
    "SATCHEL_MAX_BODY_MB, SATCHEL_MAX_BODIES_MB, SATCHEL_MAX_PIXELS, SATCHEL_MAX_IMAGES, SATCHEL_QUEUE_SIZE, "
    "SATCHEL_TIMEOUT_MS, SATCHEL_GOAL, SATCHEL_MAX_BATCH, SATCHEL_BATCH_DELAY_MS, SATCHEL_ONLY, SATCHEL_LOAD, "
    "SATCHEL_MAX_ACTIVE, SATCHEL_IDLE_UNLOAD_S, SATCHEL_RELOAD, SATCHEL_ADMIN, SATCHEL_API_KEYS, SATCHEL_CORS_ORIGINS, "
    "SATCHEL_URL_HOSTS, SATCHEL_GRPC_PORT, SATCHEL_LOG_FORMAT, SATCHEL_DRAIN_S, SATCHEL_WORKERS, SATCHEL_MODE, "
    "SATCHEL_OVERFLOW, SATCHEL_REMOTE_URL, SATCHEL_REMOTE_PROTOCOL, SATCHEL_REMOTE_SPLIT, SATCHEL_REMOTE_MODEL, "
    "SATCHEL_REMOTE_VERSION, SATCHEL_REMOTE_CONCURRENCY, SATCHEL_REMOTE_CONNECT_MS, SATCHEL_REMOTE_READ_MS, "
    "SATCHEL_REMOTE_RETRIES, SATCHEL_REMOTE_HEADER, SATCHEL_REMOTE_TOKEN, SATCHEL_REMOTE_IDENTITY, SATCHEL_REMOTE_CA"
)
DEFAULTS = Settings(
    models=Path("models"),
    engine=None,
    device="cpu",
    threads=None,
    host="127.0.0.1",
    port=8080,
    max_body_mb=20,
    max_bodies_mb=512,
    max_pixels=50_000_000,
    max_images=32,
    queue_size=128,
    timeout_ms=30_000,
    goal="auto",
    max_batch=None,
    batch_delay_ms=0,
    only=(),
    load="eager",
    max_active=0,
    idle_unload_s=0,
    reload=False,
    admin=False,
    api_keys=(),
    cors_origins=(),
    url_hosts=(),
    grpc_port=None,
    log_format="text",
    drain_s=0,
    workers=1,
    mode="embedded",
    overflow="off",
    remote_url=(),
    remote_protocol=None,
    remote_split=None,
    remote_model=None,
    remote_version=None,
    remote_concurrency=16,
    remote_connect_ms=1000,
    remote_read_ms=10_000,
    remote_retries=2,
    remote_header=None,
    remote_token=None,
    remote_identity=None,
    remote_ca=None,
)
OTHERS = Settings(
    models=Path("/srv/models"),
    engine="tensorflow",
    device="cuda:3",
    threads=7,
    host="0.0.0.0",  # noqa: S104  # nothing listens
    port=0,
    max_body_mb=1,
    max_bodies_mb=2,
    max_pixels=2**30,
    max_images=1,
    queue_size=0,
    timeout_ms=230_000,
    goal="throughput",
    max_batch=8,
    batch_delay_ms=5,
    only=("a", "b.c"),
    load="lazy",
    max_active=2,
    idle_unload_s=60,
    reload=True,
    admin=True,
    api_keys=("0" * 64, "f" * 64),
    cors_origins=("https://example.org", "*"),
    url_hosts=("example.org", "10.0.0.1:8080"),
    grpc_port=0,
    log_format="json",
    drain_s=5,
    workers=3,
    mode="remote",
    overflow="embedded",
    remote_url=("http://a:8000", "https://b.example/under/it"),
    remote_protocol="tfs-http",
    remote_split="image",
    remote_model="{name}_there",
    remote_version="2",
    remote_concurrency=4,
    remote_connect_ms=50,
    remote_read_ms=500,
    remote_retries=0,
    remote_header="X-API-Key: k",
    remote_token="t",  # opens nothing
    remote_identity="api://satchel/.default",
    remote_ca=Path("/etc/ca.pem"),
)
DEVICE = "cpu, cuda or cuda:N"


def test_nothing_set_gives_the_documented_defaults() -> None:
    assert Settings.from_environment({}) == DEFAULTS


def test_variables_of_others_are_left_alone() -> None:
    others = {"PATH": "/bin", "satchel_port": "x", "SATCHEL": "x", "MY_SATCHEL_PORT": "x"}
    assert Settings.from_environment(others) == DEFAULTS


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("MODELS", "a b/c", Path("a b/c")),
        ("ENGINE", "onnxruntime", "onnxruntime"),
        ("DEVICE", "cuda", "cuda"),
        ("DEVICE", "cuda:12", "cuda:12"),
        ("THREADS", "1024", 1024),
        ("HOST", "::1", "::1"),
        ("PORT", "65535", 65535),
        ("PORT", "0080", 80),
        ("MAX_BODY_MB", "100", 100),
        ("MAX_PIXELS", "1", 1),
        ("QUEUE_SIZE", "0", 0),
        ("TIMEOUT_MS", "1", 1),
    ],
)
def test_a_variable_sets_its_field_and_no_other(variable: str, text: str, value: object) -> None:
    settings = Settings.from_environment({f"SATCHEL_{variable}": text})
    assert dataclasses.asdict(settings) == dataclasses.asdict(DEFAULTS) | {variable.lower(): value}


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("DEVICE", "gpu", DEVICE),
        ("DEVICE", "cuda:", DEVICE),
        ("DEVICE", "cuda:-1", DEVICE),
        ("DEVICE", "CPU", DEVICE),
        ("DEVICE", "cpu\n", DEVICE),
        ("THREADS", "0", "a whole number from 1 to 1024"),
        ("THREADS", "1025", "a whole number from 1 to 1024"),
        ("PORT", "65536", "a whole number from 0 to 65535"),
        ("PORT", "-1", "a whole number from 0 to 65535"),
        ("PORT", "80.0", "a whole number from 0 to 65535"),
        ("PORT", " 80", "a whole number from 0 to 65535"),
        ("PORT", "8_0", "a whole number from 0 to 65535"),
        ("PORT", "\u0668\u0660", "a whole number from 0 to 65535"),  # Arabic-Indic eight, zero
        ("PORT", "9" * 5000, "a whole number from 0 to 65535"),
        ("MAX_BODY_MB", "101", "a whole number from 1 to 100"),
        ("MAX_PIXELS", "1073741825", "a whole number from 1 to 1073741824"),
        ("QUEUE_SIZE", "100001", "a whole number from 0 to 100000"),
        ("TIMEOUT_MS", "230001", "a whole number from 1 to 230000"),
        ("TIMEOUT_MS", "forever", "a whole number from 1 to 230000"),
        ("GOAL", "quick", "auto or latency or throughput"),
        ("ADMIN", "true", "off or on"),
        ("RELOAD", "1", "off or on"),
        ("API_KEYS", "secret", "SHA-256 digests in hexadecimal, separated by commas"),
        ("API_KEYS", "0" * 64 + ",", "SHA-256 digests in hexadecimal, separated by commas"),
        ("CORS_ORIGINS", "example.org", "origins such as https://example.org, separated by commas, or *"),
        ("URL_HOSTS", "http://a", "host names, each with or without a port, separated by commas"),
        ("ONLY", "a,,b", "names, separated by commas"),
        ("WORKERS", "0", "a whole number from 1 to 1024"),
        ("MODE", "local", "embedded or remote"),
        ("OVERFLOW", "on", "off or remote or embedded"),
        ("REMOTE_URL", "a:8000", "URLs such as http://host:8000 or grpc://host:8001, with commas between"),
        ("REMOTE_URL", "http://a:8000/?x=1", "URLs such as http://host:8000 or grpc://host:8001, with commas between"),
        ("REMOTE_PROTOCOL", "rest", "oip-http or oip-grpc or tfs-http or tfs-grpc"),
        ("REMOTE_SPLIT", "tensor", "tensors or image"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_the_range(variable: str, text: str, expected: str) -> None:
    name = f"SATCHEL_{variable}"
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: text})
    assert str(caught.value) == (
        f"{name} cannot be used\n  got: {text!r}\n  expected: {expected}\n  remedy: correct {name}, or unset it"
    )
    assert (caught.value.code, caught.value.status) == ("invalid_settings", 503)


@pytest.mark.parametrize("name", NAMES.split(", "))
def test_an_empty_value_is_refused_not_taken_for_unset(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: ""})
    assert str(caught.value) == f"{name} is empty\n  expected: a value\n  remedy: give it one, or unset {name}"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("SATCHEL_PROT", "rename it to SATCHEL_PORT"),
        ("SATCHEL_MAX_PIXEL", "rename it to SATCHEL_MAX_PIXELS"),
        ("SATCHEL_XYZZYQUUXFROB", "remove it"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_name(name: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: "7"})
    assert str(caught.value) == f"unknown setting {name}\n  expected: one of {NAMES}\n  remedy: {remedy}"


@pytest.mark.parametrize("variable", ["REMOTE_TOKEN", "REMOTE_HEADER"])
def test_a_secret_is_never_shown(variable: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({f"SATCHEL_{variable}": "open sesame\n"})
    assert "sesame" not in str(caught.value)
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({f"SATCHEL_{variable[:-1]}": "sesame"})
    assert "sesame" not in str(caught.value)
    assert "X-API-Key: k" not in repr(OTHERS)
    assert "remote_token" not in repr(OTHERS)


@pytest.mark.parametrize("settings", [DEFAULTS, OTHERS], ids=["defaults", "others"])
def test_settings_pass_through_an_environment_unchanged(settings: Settings) -> None:
    assert Settings.from_environment(settings.to_environment()) == settings


def test_the_environment_of_a_child_names_what_is_set() -> None:
    assert DEFAULTS.to_environment() == {
        "SATCHEL_MODELS": "models",
        "SATCHEL_DEVICE": "cpu",
        "SATCHEL_HOST": "127.0.0.1",
        "SATCHEL_PORT": "8080",
        "SATCHEL_MAX_BODY_MB": "20",
        "SATCHEL_MAX_BODIES_MB": "512",
        "SATCHEL_MAX_PIXELS": "50000000",
        "SATCHEL_MAX_IMAGES": "32",
        "SATCHEL_QUEUE_SIZE": "128",
        "SATCHEL_TIMEOUT_MS": "30000",
        "SATCHEL_GOAL": "auto",
        "SATCHEL_BATCH_DELAY_MS": "0",
        "SATCHEL_LOAD": "eager",
        "SATCHEL_MAX_ACTIVE": "0",
        "SATCHEL_IDLE_UNLOAD_S": "0",
        "SATCHEL_RELOAD": "off",
        "SATCHEL_ADMIN": "off",
        "SATCHEL_LOG_FORMAT": "text",
        "SATCHEL_DRAIN_S": "0",
        "SATCHEL_WORKERS": "1",
        "SATCHEL_MODE": "embedded",
        "SATCHEL_OVERFLOW": "off",
        "SATCHEL_REMOTE_CONCURRENCY": "16",
        "SATCHEL_REMOTE_CONNECT_MS": "1000",
        "SATCHEL_REMOTE_READ_MS": "10000",
        "SATCHEL_REMOTE_RETRIES": "2",
    }
    assert list(OTHERS.to_environment()) == NAMES.split(", ")


def test_the_table_has_a_row_for_every_setting_with_its_default() -> None:
    header, rule, *rows = settings_table().splitlines()
    assert (header, rule) == ("| variable | default | meaning |", "|---|---|---|")
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [name for name, _, _ in cells] == [f"`{name}`" for name in NAMES.split(", ")]
    assert [default for _, default, _ in cells] == [
        *(
            "`models`",
            "",
            "`cpu`",
            "",
            "`127.0.0.1`",
            "`8080`",
            "`20`",
            "`512`",
            "`50000000`",
            "`32`",
            "`128`",
            "`30000`",
        ),
        *("`auto`", "", "`0`", "", "`eager`", "`0`", "`0`", "`off`", "`off`", "", "", "", "", "`text`", "`0`", "`1`"),
        *("`embedded`", "`off`", "", "", "", "", "", "`16`", "`1000`", "`10000`", "`2`", "", "", "", ""),
    ]
    assert cells[5][2] == "port to listen on; 0 takes a free one"


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULTS.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SATCHEL_PORT", "tcp://10.0.0.1:8080"),
        ("SATCHEL_SERVICE_HOST", "10.0.0.1"),
        ("SATCHEL_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ],
)
def test_variables_that_kubernetes_sets_for_a_service_are_named_as_such(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: text})
    assert caught.value.message == f"{name} was set by Kubernetes for a Service called satchel"
    assert caught.value.remedy == "set enableServiceLinks: false in the pod, or give the Service another name"
