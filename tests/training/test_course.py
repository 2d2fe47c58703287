import pytest

from robustlab.training.lessons import course


def test_a_course_goes_from_short_documents_to_the_longest() -> None:
    lessons = course(48, 2000)
    assert lessons.steps == 2000
    assert lessons.sentences(0) == (4, 8)
    assert lessons.sentences(1999) == (32, 48)
    assert [stage.sentences for stage in course(10, 4).stages] == [(4, 8), (8, 10), (10, 10), (10, 10)]
    with pytest.raises(ValueError, match="expected at least 4 steps and 1 sentence, got 3 and 48"):
        course(48, 3)
