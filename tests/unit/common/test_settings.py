import pytest

from vigie_common.errors import ConfigurationError
from vigie_common.settings import Settings, read_settings


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
