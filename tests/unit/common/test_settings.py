import pytest
from pydantic import field_validator

from vigie_common.errors import ConfigurationError
from vigie_common.known_settings import KNOWN, unknown_variables
from vigie_common.settings import Settings, read_settings
from vigie_dev.reference import SERVICES, service_settings, variables


def test_defaults_need_no_environment(monkeypatch):
    assert read_settings(Settings).kafka_bootstrap == "127.0.0.1:9092"


def test_every_wrong_variable_is_named_with_its_value_and_what_is_allowed(monkeypatch):
    monkeypatch.setenv("VIGIE_KAFKA_SECURITY_PROTOCOL", "TLS")
    monkeypatch.setenv("VIGIE_HTTP_PORT", "eighty")
    with pytest.raises(ConfigurationError) as raised:
        read_settings(Settings)
    message = str(raised.value)
    assert "VIGIE_KAFKA_SECURITY_PROTOCOL = 'TLS': Input should be 'PLAINTEXT', 'SSL'" in message
    assert "VIGIE_HTTP_PORT = 'eighty': Input should be a valid integer" in message


def test_sasl_without_credentials_is_refused_with_the_fix(monkeypatch):
    monkeypatch.setenv("VIGIE_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(ConfigurationError, match="set VIGIE_KAFKA_SASL_USERNAME and VIGIE_KAFKA_SASL_PASSWORD too"):
        read_settings(Settings)


def test_a_password_is_never_in_a_message(monkeypatch):
    monkeypatch.setenv("VIGIE_KAFKA_SASL_PASSWORD", "hunter2")
    monkeypatch.setenv("VIGIE_HTTP_PORT", "-1")
    with pytest.raises(ConfigurationError) as raised:
        read_settings(Settings)
    assert "hunter2" not in str(raised.value)
    monkeypatch.delenv("VIGIE_HTTP_PORT")
    assert "hunter2" not in repr(read_settings(Settings))


def test_a_misspelt_variable_is_told_with_the_nearest():
    environment = {"VIGIE_KAFKA_BOOTSTRAPS": "a:1", "VIGIE_ALERT_EVIDENCE_DIRECTORY": "/x", "PATH": "/bin"}
    ignored = "is no setting of any service or of the command, and is ignored; did you mean "
    assert list(unknown_variables(environment)) == [
        f'VIGIE_ALERT_EVIDENCE_DIRECTORY {ignored}"VIGIE_ALERT_EVIDENCE_DIR"?',
        f'VIGIE_KAFKA_BOOTSTRAPS {ignored}"VIGIE_KAFKA_BOOTSTRAP"?',
    ]


def test_variables_of_other_services_and_of_links_between_containers_are_not_told():
    links = {"VIGIE_TRITON_SERVICE_HOST": "10.0.0.1", "VIGIE_TRITON_PORT": "tcp://10.0.0.1:8001"}
    links |= {"VIGIE_TRITON_SERVICE_PORT_GRPC": "8001", "VIGIE_TRITON_PORT_8001_TCP_ADDR": "10.0.0.1"}
    assert list(unknown_variables(dict.fromkeys(map("VIGIE_{}".format, KNOWN), "x") | links)) == []
    assert list(unknown_variables({"vigie_kafka_bootstrap": "a:1"})) == [], "read in any case"


def test_the_known_variables_are_those_of_all_settings_classes():
    own = {name.removeprefix("VIGIE_") for service in SERVICES for name in variables(service_settings(service))}
    assert own | {"CACHE"} == KNOWN


def test_a_message_of_a_field_has_no_words_of_the_library(monkeypatch):
    class Own(Settings):
        @field_validator("instance_id")
        @classmethod
        def _refuse(cls, _value):
            raise ValueError("write another")

    monkeypatch.setenv("VIGIE_INSTANCE_ID", "a")
    with pytest.raises(ConfigurationError, match=r"VIGIE_INSTANCE_ID = 'a': write another$"):
        read_settings(Own)
