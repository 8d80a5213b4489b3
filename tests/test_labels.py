from fer_hf.labels import COLOURS, FERPLUS_COLUMNS, FERPLUS_INDEX, LABEL_OF_NAME, LABELS


def test_the_order_is_fer2013s():
    assert LABELS == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    assert [LABEL_OF_NAME[str(i)] for i in range(7)] == list(LABELS)


def test_every_expression_has_its_own_colour():
    assert len(set(COLOURS.values())) == len(LABELS)


def test_ferplus_columns_stand_for_the_right_expressions():
    names = [FERPLUS_COLUMNS[i] for i in FERPLUS_INDEX]
    assert names == ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
