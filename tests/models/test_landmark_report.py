"""Tables 2 and 3 of the landmark report (Kim 2018), as printed."""

from cnnlab.models import landmark_augmented_runs, landmark_runs

TABLE_3 = """
1  0.6663  10  0.2  0.2  0.4
2  0.6267  45  0.2  0.2  0.3
3  0.5290  90  0.2  0.2  0.3
"""


def test_table_3_is_as_printed():
    found = landmark_augmented_runs().reset_index()
    printed = [[float(cell) for cell in line.split()] for line in TABLE_3.strip().splitlines()]
    columns = ["run", "accuracy", "rotation", "width_shift", "height_shift", "zoom"]
    assert found[columns].to_numpy().tolist() == printed


def test_the_best_runs_are_those_that_the_text_names():
    assert landmark_runs().accuracy.idxmax() == 11
    assert landmark_augmented_runs().accuracy.idxmax() == 1
    assert len(landmark_runs()) == 11
    assert landmark_runs().accuracy.agg(["min", "max"]).round(3).tolist() == [0.236, 0.423]  # section III
