import pytest

from fer_hf.errors import FerError
from fer_hf.training.arguments import read_recipe


@pytest.fixture
def recipe_file(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("model: some/model\ndata: faces.csv\nepochs: 3\nlearning_rate: 1e-4\n")
    return str(path)


def test_the_command_line_overrides_the_file(recipe_file):
    recipe = read_recipe([recipe_file, "--epochs", "1.5", "--ema=0.9", "--use_cpu", "--data", "other.csv"])
    assert (recipe.epochs, recipe.ema, recipe.use_cpu, recipe.data) == (1.5, 0.9, True, "other.csv")
    assert recipe.learning_rate == 1e-4  # YAML reads it as text
    assert recipe.image_size == 112  # a default


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--learnin_rate", "1"], "learnin_rate: no such recipe field; the nearest is learning_rate"),
        (["--epochs", "many"], "epochs: expected a number, got 'many'"),
        (["--epochs", "-1"], "epochs: expected 0 to 10000, got -1.0"),
        (["--batch_size", "1.5"], "batch_size: expected int, got 1.5"),
        (["--use_cpu", "2"], "use_cpu: expected bool, got 2"),
        (["--precision", "half"], "precision: expected one of auto, float32, bfloat16, got 'half'"),
        (["--best_by", "luck"], "best_by: expected one of"),
        (["epochs", "3"], "epochs: expected --field value"),
        (["--push_to_hub"], "push_to_hub: needs hub_model_id"),
        (["--drawn_pictures", "7"], "name either data"),
    ],
)
def test_a_wrong_word_is_one_clear_line(recipe_file, words, message):
    with pytest.raises(FerError, match=r"^[^\n]*$") as caught:
        read_recipe([recipe_file, *words])
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", "\x00", "just words"])
def test_a_file_that_is_no_recipe(tmp_path, text):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(FerError, match=r"broken\.yaml"):
        read_recipe([str(path)])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FerError, match="cannot be read"):
        read_recipe([str(tmp_path / "none.yaml")])
