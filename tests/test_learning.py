"""Learning is real (minutes on two cores): ``make test-slow``."""

import pytest

from benchmarks import learning
from voice2face.synthetic import facts_of


@pytest.mark.slow
def test_faces_made_from_unseen_voices_are_matched_to_their_owners(tmp_path):
    corpus, model, _ = learning.train(tmp_path)
    answers = learning.measure(corpus, model)["attributes"]
    everybody = {name: learning.over_people(answer.everybody) for name, answer in answers.items()}
    # The target, 0.75, is the benchmark's to report: 0.725 to 0.765 was measured.
    assert everybody["model"].low > 0.6
    assert everybody["model"].value < facts_of(learning.COHORT).best_matching["1:2"].accuracy
    assert everybody["shuffled voices"].low < 0.5 < everybody["shuffled voices"].high
    assert learning.over_people(answers["model"].within_sex).low > 0.5
