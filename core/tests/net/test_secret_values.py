"""A secret refuses every way of becoming visible."""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybroker.model.secret import Secret
from polybroker.net.redact import RedactingFilter, Redactor

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)


@pytest.mark.parametrize(
    "spill",
    [str, bytes, len, list, "{}".format, lambda secret: f"{secret:>20}", pickle.dumps, copy.copy, copy.deepcopy, hash]
    + [json.dumps, lambda secret: "%s" % secret, lambda secret: "".join(secret)],
)  # fmt: skip
def test_a_secret_refuses_to_be_spilt(spill: object) -> None:
    with pytest.raises(TypeError) as error:
        spill(Secret("hunter2-canary"))  # type: ignore[operator]
    assert "hunter2" not in str(error.value)


def test_a_secret_is_revealed_on_purpose_only() -> None:
    assert "hunter2" not in repr(Secret("hunter2")) + repr({"a": [Secret("hunter2")]})
    assert Secret("hunter2").reveal() == "hunter2"
    assert Secret("a") == Secret("a") != Secret("b")


@given(WORDS, WORDS, WORDS)
def test_no_spelling_of_a_secret_survives(word: str, before: str, after: str) -> None:
    redactor = Redactor([Secret(word)])
    for spelling in (word, quote(word, safe=""), base64.b64encode(word.encode()).decode()):
        assert (
            spelling not in redactor.clean(f"{before} {spelling} {after}").replace("***", "")
            or spelling in before + after
        )


@pytest.mark.parametrize(
    "text", ["access_token=abcdef123", '{"refresh_token": "abcdef123"}', "Authorization: Bearer abcdef123"]
    + ["password = abcdef123", "client_secret:abcdef123", "bearer abcdef123"],
)  # fmt: skip
def test_what_stands_where_a_secret_does_is_hidden_unseen(text: str) -> None:
    assert "abcdef123" not in Redactor().clean(text)


def test_a_log_record_is_cleaned_with_arguments_and_traceback(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("polybroker.test.redaction")
    guard = RedactingFilter(Redactor([Secret("canary-123456")]))
    logger.addFilter(guard)
    try:
        raise ValueError("found canary-123456")
    except ValueError:
        logger.exception("token %s", "canary-123456")
    finally:
        logger.removeFilter(guard)
    assert "canary" not in caplog.text
    assert "ValueError" in caplog.text
