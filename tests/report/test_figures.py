"""What stands on a figure: axes, ticks, names and the caption."""

import warnings

import pytest

from stance.report.corpus import gather
from stance.report.rows import checked

pytest.importorskip("matplotlib")

from stance.report import plots

LONG = "the defence of the international order by all states together"


def corpus(*, articles=6, frames=("order", "trade", LONG), every=2, sources=2):
    rows = []
    for number in range(articles):
        known = {"document": str(number), "date": f"20{10 + number % 4}"}
        known["source"] = f"https://www.newspaper.example/international/{number % sources}"
        known["probabilities"] = dict.fromkeys(frames, 0.5)
        carried = {} if number % every else dict.fromkeys(frames, "favor")
        rows += [checked(known | {"index": n, "text": "One.", "frames": carried}) for n in (0, 1)]
    return gather(rows)


def drawn(found):
    canvases = dict(plots._figures(found))
    for canvas in canvases.values():
        canvas.draw_without_rendering()
    return canvases


def test_every_figure_names_its_axis_and_its_interval():
    figures = drawn(corpus())
    assert figures["shares"].axes[0].get_xlabel() == "share of sentences"
    assert figures["over_time"].get_supylabel() == "share of sentences"
    # Of three panels in two columns, the lowest of each has the label and the ticks.
    panels = figures["by_source"].axes[:3]
    assert [one.get_xlabel() for one in panels] == ["", *["share of sentences"] * 2]
    ticks = [one.xaxis.get_major_ticks()[0].label1.get_visible() for one in panels]
    assert ticks == [False, True, True]
    assert "whisker: 95% interval" in figures["shares"].get_supxlabel()
    assert figures["over_time"].get_supxlabel() == "band: 95% interval"
    assert figures["by_source"].get_supxlabel() == "whisker: 95% interval"


def test_captions_say_which_articles_a_figure_leaves_out():
    found = corpus(articles=60, frames=("order",), sources=30)
    bare = {"document": "bare", "text": "One.", "frames": {}, "probabilities": {"order": 0.1}}
    figures = drawn(gather([*found.rows, checked(bare)]))
    said = {name: " ".join(canvas.get_supxlabel().split()) for name, canvas in figures.items()}
    assert "without a date: 1 of 61 articles" in said["over_time"]
    assert "without a source: 1 of 61 articles" in said["by_source"]
    assert "the 25 sources with the most articles, of 30" in said["by_source"]


@pytest.mark.parametrize("every", [1, 3, 20, 300])
def test_ticks_are_each_another_and_true(every):
    for name, canvas in drawn(corpus(articles=900, frames=("order",), every=every)).items():
        axis = canvas.axes[0].yaxis if name == "over_time" else canvas.axes[0].xaxis
        labels = [tick.get_text() for tick in axis.get_ticklabels()]
        assert len(set(labels)) == len(labels)
        shown = [float(label.removesuffix("%")) / 100 for label in labels]
        assert shown == pytest.approx(list(axis.get_ticklocs()), abs=1e-9)


@pytest.mark.parametrize("frames", [("order",), ("order", LONG), ("order", "trade", "x" * 90)])
def test_no_text_is_cut_off(frames):
    for canvas in drawn(corpus(frames=frames)).values():
        tight, (width, height) = canvas.get_tightbbox(), canvas.get_size_inches()
        assert tight.x0 >= 0
        assert tight.y0 >= 0
        assert tight.x1 <= width
        assert tight.y1 <= height


def test_long_names_of_sources_stay_distinct():
    labels = drawn(corpus())["by_source"].axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == [
        "https://www.newspape…ple/international/0",
        "https://www.newspape…ple/international/1",
    ]


def test_a_script_that_the_font_does_not_have_raises_no_warning(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = plots.draw(corpus(frames=("安全", "order")), tmp_path)
    assert "安全" in (tmp_path / "shares.svg").read_text("utf-8")
    assert len(written) == 6
