"""What every importer keeps: the same dataset however its files are packed and ordered, or a refusal in one line.

A test class inherits `ImporterContract` and names its format; the files are those of `small_data.SOURCES`.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_data import SOURCES, encode, write_tables

from dashboard.presentation.texts import catalogue
from recsys_core.data.dataset import Dataset
from recsys_core.data.importers import import_dataset
from recsys_core.errors import DataError, filled

DAMAGE = st.binary(max_size=4) | st.sampled_from([b'"', b"\n", b"\r", b",", b"|", b"::", b"1e5", b"-1", b" "])


def shuffled(text: str, seed: int, header: int = 1) -> str:
    lines = text.splitlines(keepends=True)
    rows = lines[header:]
    random.Random(seed).shuffle(rows)
    return "".join(lines[:header] + rows)


class ImporterContract:
    """Tests of one importer.

    Attributes
    ----------
    format
        Its name among the importers.
    header
        Lines above the rows of a file.
    ordered
        Files whose rows mean something by their place.
    needed
        Files without which nothing can be read.
    """

    format: str
    header = 0
    ordered: tuple[str, ...] = ()
    needed: tuple[str, ...]

    def read(self, folder: Path, **changes: str | bytes | None) -> Dataset:
        return import_dataset(self.format, write_tables(folder, SOURCES[self.format] | changes))

    def test_saved_and_loaded_it_is_the_same(self, tmp_path):
        dataset = self.read(tmp_path / "source")
        dataset.save(tmp_path / "out")
        again = Dataset.load(tmp_path / "out")
        assert again.fingerprint() == dataset.fingerprint()
        assert (again.name, again.schema, again.warnings) == (dataset.name, dataset.schema, dataset.warnings)
        for name in ("users", "items", "interactions"):
            pd.testing.assert_frame_equal(getattr(again, name), getattr(dataset, name))

    def test_however_it_is_packed_and_its_rows_ordered_it_is_the_same(self, tmp_path):
        first, files = self.read(tmp_path / "plain"), SOURCES[self.format]
        packed = {f"{name}.gz": encode(name, text) for name, text in files.items()}
        others = [packed] + [
            {name: text if name in self.ordered else shuffled(text, seed, self.header) for name, text in files.items()}
            for seed in range(3)
        ]
        for number, other in enumerate(others):
            again = import_dataset(self.format, write_tables(tmp_path / f"other{number}", other))
            assert again.fingerprint() == first.fingerprint()
            assert [key for key, _ in again.warnings] == [key for key, _ in first.warnings]
            assert other is packed or again.warnings == first.warnings  # they name the file

    def test_its_warnings_are_sentences_in_both_languages(self, tmp_path):
        for key, values in self.read(tmp_path).warnings:
            for language in ("en", "zh"):
                said = filled(catalogue(language)[f"core.{key}"], values)
                assert said, (key, language)

    def test_a_missing_file_is_named(self, tmp_path):
        for number, name in enumerate(self.needed):
            with pytest.raises(DataError) as caught:
                self.read(tmp_path / str(number), **{name: None})
            assert name in str(caught.value)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(data=st.data())
    def test_random_damage_is_imported_or_refused_never_a_crash(self, data):
        files = {file: encode(file, text) for file, text in SOURCES[self.format].items()}
        for _ in range(data.draw(st.integers(1, 3))):
            file = data.draw(st.sampled_from(sorted(files)))
            old = files[file]
            begin = data.draw(st.integers(0, len(old)))
            end = data.draw(st.integers(begin, min(len(old), begin + 12)))
            files[file] = old[:begin] + data.draw(DAMAGE) + old[end:]
        with tempfile.TemporaryDirectory() as folder:
            problem = ""
            try:
                dataset = self.read(Path(folder) / "source", **files)
                dataset.save(Path(folder) / "out")
            except DataError as refused:
                problem = str(refused)
            assert "\n" not in problem
            assert problem or Dataset.load(Path(folder) / "out").fingerprint() == dataset.fingerprint()
