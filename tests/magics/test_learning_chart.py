"""Learning curves: thinned, drawn without markup of strangers, and as a line of text."""

from __future__ import annotations

from xml.etree import ElementTree

from phub_jupyter.compute.training.curves import Curve, learning_curves
from phub_jupyter.compute.training.state import RunState
from phub_magics.learning_chart import learning_chart, learning_picture, sparkline


def state_with(steps: int) -> RunState:
    row = {"id": "c1", "name": "Fine-tune", "family": "full", "parameters": {}}
    events: list[dict[str, object]] = [
        {
            "event": "started",
            "plan": {"candidates": [row], "rungs": [40], "epoch": 40},
            "rows": {"train": 1},
            "settings": {"task": "text-classification", "metric": "accuracy"},
        }
    ]
    for step in range(1, steps + 1):
        events.append({"event": "loss", "candidate": "c1", "step": step, "loss": 1 / step})
    return RunState.read(events)


def test_a_long_training_is_thinned_and_keeps_its_end() -> None:
    (curve,) = learning_curves(state_with(1777))
    assert len(curve.loss) <= 500
    assert curve.loss[-1] == (1777, 1 / 1777)
    (short,) = learning_curves(state_with(7))
    assert [step for step, _ in short.loss] == [1, 2, 3, 4, 5, 6, 7]


def test_without_losses_there_is_no_curve() -> None:
    assert learning_curves(state_with(0)) == []


def test_a_step_that_was_repeated_counts_once() -> None:
    state = state_with(3)
    state.apply({"event": "loss", "candidate": "c1", "step": 3, "loss": 9.0})
    (curve,) = learning_curves(state)
    assert curve.loss[-1] == (3, 9.0)
    assert len(curve.loss) == 3


def test_the_picture_is_whole_and_escapes_names() -> None:
    curves = [
        Curve("<script>", True, [(1, 0.7), (2, 0.3)], [(2, 0.9)]),
        Curve("flat", False, [(1, 0.5)], []),
    ]
    for picture in (learning_chart(curves, "F1 & co"), learning_picture(curves, "F1 & co")):
        root = ElementTree.fromstring(picture)
        texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
        assert "<script> (best)" in texts
        assert "Validation F1 & co" in texts
        assert "nan" not in picture


def test_the_line_of_text_goes_down_with_the_loss() -> None:
    assert sparkline([(1, 8.0), (2, 4.5), (3, 1.0)]) == "█▅▁ 8 → 1"
    assert len(sparkline([(step, float(step)) for step in range(1, 1000)]).split()[0]) <= 24
    assert sparkline([]) == ""
