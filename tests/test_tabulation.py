from stance.tabulation import tabulate


def test_names_stand_to_the_left_and_figures_to_the_right():
    table = tabulate(("frame", "n"), [("a", "1,000"), ("a longer name", "7")])
    assert table.splitlines() == [
        "frame              n",
        "a              1,000",
        "a longer name      7",
    ]


def test_a_head_alone_is_a_table():
    assert tabulate(("frame", "n"), []) == "frame  n"
