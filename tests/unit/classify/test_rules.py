from monitor.classify import rules
from monitor.classify.names import EXACT, GLOB, SUFFIX
from monitor.model.words import Confidence


def test_thresholds_rise_and_a_bare_port_never_reaches_medium() -> None:
    assert 0 < rules.LOW < rules.MEDIUM < rules.HIGH < 1
    assert rules.TRUST_PORT * rules.BY_CONFIDENCE[Confidence.HIGH] < rules.MEDIUM


def test_bytes_are_trusted_before_names_and_names_before_words_and_ports() -> None:
    order = [
        rules.TRUST_SERVICE,
        rules.TRUST_FACT,
        rules.TRUST_NAME[EXACT],
        rules.TRUST_NAME[GLOB],
        rules.TRUST_NAME[SUFFIX],
        rules.TRUST_WORD,
        rules.TRUST_CATCH_ALL,
        rules.TRUST_PORT,
    ]
    assert order == sorted(order, reverse=True)
