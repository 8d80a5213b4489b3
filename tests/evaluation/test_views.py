import numpy as np
from PIL import Image

from fer_hf.evaluation.views import score_pictures, views_of
from fer_hf.inference.analyzer import FaceAnalyzer
from tests.support.made_sources import scored_split


def test_views_are_averaged(tiny_model):
    analyzer = FaceAnalyzer.from_pretrained(str(tiny_model))
    face = scored_split()["image"][0]
    assert [len(views_of(face, n)) for n in (1, 2, 10)] == [1, 2, 10]
    assert views_of(face, 2)[1].tobytes() == face.transpose(Image.Transpose.FLIP_LEFT_RIGHT).tobytes()
    one = score_pictures(analyzer, [face], views=2)
    expected = analyzer.scores(views_of(face, 2)).mean(0)
    np.testing.assert_allclose(one[0], expected, atol=1e-6)


def test_crops_stand_in_the_corners():
    face = Image.fromarray(np.arange(100, dtype=np.uint8).reshape(10, 10))
    crops = [np.asarray(view, dtype=int) for view in views_of(face, 10)[:5]]
    means = [crop.mean() for crop in crops]
    assert means[0] < means[1] < means[4] < means[2] < means[3]
