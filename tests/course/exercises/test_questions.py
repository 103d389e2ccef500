import pytest
import torch

from cnnlab.course import AnswerError, Check


def broken() -> int:
    return 1 // 0


def chatty() -> int:
    print("still debugging")
    torch.tensor([1.0]).sqrt_()
    return 3


def test_properties_that_hold_print_the_same_lines_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with Check("Question 1", hint="not needed") as check:
            check("true things hold", lambda: torch.tensor(True))
            check.equal("numbers are equal", lambda: 0.1 + 0.2, 0.3)
        assert capsys.readouterr().out == "✓ true things hold\n✓ numbers are equal\n"


def test_every_property_is_tried_and_the_message_counts_those_that_fail(capsys: pytest.CaptureFixture[str]) -> None:
    def asked() -> None:
        with Check("Question 2") as check:
            check("first", broken)
            check("second", lambda: True)
            check("third", lambda: False)

    with pytest.raises(AnswerError, match=r"^Question 2: 2 of 3 do not hold yet$"):
        asked()
    assert capsys.readouterr().out.splitlines() == [
        "✗ first: ZeroDivisionError: integer division or modulo by zero",
        "✓ second",
        "✗ third: does not hold",
    ]


def test_the_hint_is_printed_only_when_something_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AnswerError, match="1 of 1 does not hold yet"), Check("Question", hint="Count.") as check:
        check("first", lambda: 0)
    assert capsys.readouterr().out.endswith("Hint: Count.\n")


def test_what_an_answer_prints_does_not_count_as_output(capsys: pytest.CaptureFixture[str]) -> None:
    with Check("Question") as check:
        check("three", lambda: chatty() == 3)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("✓ three\n", "")


def test_tensors_equal_within_the_tolerance_even_with_gradients() -> None:
    with Check("Question") as check:
        check.equal("it", lambda: torch.ones(2, requires_grad=True) * 1.000001, torch.ones(2, dtype=torch.float64))


def test_a_check_without_properties_is_an_authors_mistake() -> None:
    with pytest.raises(ValueError, match=r"the check of 'Question' tests nothing"), Check("Question"):
        pass


def test_a_block_that_breaks_shows_its_own_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), Check("Question", hint="Count.") as check:
        check("first", lambda: False)
        broken()
    assert "Hint" not in capsys.readouterr().out


def test_an_interrupt_is_not_taken_for_a_wrong_answer() -> None:
    def stopped() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Check("Question") as check:
        check("endless", stopped)


def test_a_notebook_shows_one_line_and_no_traceback() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shown: list[list[str]] = []
    shell._showtraceback = lambda kind, value, lines: shown.append(lines)  # type: ignore[method-assign]
    shell.run_cell("from cnnlab.course import Check\nwith Check('Question') as check:\n    check('it', lambda: 0)")
    assert shown == [["Question: 1 of 1 does not hold yet"]]
