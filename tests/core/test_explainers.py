"""Every registered explainer under the contract of all."""

from __future__ import annotations

import subprocess
import sys

from explainer_contract import WITH_TERM, ExplainerContract

from recsys_core.explain.methods import DEFAULT, METHODS


class TestShapley(ExplainerContract):
    method = "shapley"


class TestShap(ExplainerContract):
    method = "shap"


class TestLime(ExplainerContract):
    """A surrogate fitted to seeded draws: near, not equal."""

    method = "lime"
    gap = 0.5
    rounding = 1e-3
    no_effect = 0.1


class TestDeeplift(ExplainerContract):
    method = "deeplift"


class TestIg(ExplainerContract):
    method = "ig"
    gap = 1e-3


class TestOcclusion(ExplainerContract):
    """What two reasons say together is counted for both or for neither."""

    method = "occlusion"
    gap = 2.0


class TestShapleyWithTerm(TestShapley):
    scorer = WITH_TERM


class TestShapWithTerm(TestShap):
    scorer = WITH_TERM


class TestLimeWithTerm(TestLime):
    scorer = WITH_TERM
    rounding = 0.02  # its base and its parts are fitted: the draws' noise


class TestDeepliftWithTerm(TestDeeplift):
    scorer = WITH_TERM


class TestIgWithTerm(TestIg):
    scorer = WITH_TERM


class TestOcclusionWithTerm(TestOcclusion):
    scorer = WITH_TERM


def test_every_method_is_under_the_contract_and_has_its_name_and_place():
    direct = ExplainerContract.__subclasses__()
    assert {test.method for test in direct} == set(METHODS)
    assert {with_term.method for test in direct for with_term in test.__subclasses__()} == set(METHODS)
    assert [method.name for method in METHODS.values()] == list(METHODS)
    assert next(iter(METHODS)) == DEFAULT
    assert len({method.place for method in METHODS.values()}) == len(METHODS)
    assert "magic" not in METHODS


def test_names_of_methods_cost_a_command_line_nothing():
    code = "import sys; from recsys_core.explain.methods import METHODS; list(METHODS); print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
