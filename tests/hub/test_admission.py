"""How many calls are let in: of all, of a model, of a caller."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from phub_jupyter.errors import InvalidRequestError, OverloadedError, TooManyCallsError
from phub_jupyter.hub.serving.calls import Admission
from phub_jupyter.hub.serving.limits import ServingLimits

LIMITS = ServingLimits(calls=6, calls_per_model=4, calls_per_caller=2)


def test_each_limit_is_its_own() -> None:
    admission = Admission(LIMITS)
    with ExitStack() as under_way:

        def come(model: str, caller: str) -> None:
            under_way.enter_context(admission.admitted(model, caller))

        come("m", "ada")
        come("n", "ada")
        with pytest.raises(TooManyCallsError, match="You have 2 calls") as own:
            come("o", "ada")
        for caller in ("bob", "bob", "eve"):
            come("m", caller)
        with pytest.raises(OverloadedError, match="The model is answering 4") as model:
            come("m", "eve")
        come("n", "eve")
        with pytest.raises(OverloadedError, match="The hub is answering 6") as everything:
            come("n", "joe")
        assert (own.value.status, model.value.status, everything.value.status) == (429, 503, 503)
        assert min(each.value.retry_after for each in (own, model, everything)) >= 1
    assert admission.calls == 0
    for _ in range(10):  # what has ended counts no more
        with admission.admitted("m", "ada"), admission.admitted("m", "ada"):
            pass


def test_the_environment_sets_limits() -> None:
    told = {"PHUB_INFERENCE_SECONDS": "30", "PHUB_INFERENCE_CALLS_PER_MODEL": "", "OTHER": "x"}
    assert ServingLimits.from_environment(told) == ServingLimits(seconds=30)


@pytest.mark.parametrize("value", ["0", "-1", "soon", "1.5", "٣", "1000000"])
def test_a_limit_that_is_none_is_refused_by_name(value: str) -> None:
    with pytest.raises(InvalidRequestError, match="PHUB_INFERENCE_CALLS: "):
        ServingLimits.from_environment({"PHUB_INFERENCE_CALLS": value})
