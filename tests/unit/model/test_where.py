from monitor.model.where import place_text


def test_server_host_and_operator_stand_side_by_side() -> None:
    text = place_text(["IE"], [("Amazon", "US")], "Hikvision", "CN")
    assert text == "server in IE at Amazon (US), operated by Hikvision (CN)"


def test_what_is_not_known_is_left_out() -> None:
    assert place_text([], [], "", "") == ""
    assert place_text(["IE"], [], "", "") == "server in IE"
    assert place_text([], [("Amazon", "")], "", "") == "server at Amazon"
    assert place_text([], [], "Hikvision", "") == "operated by Hikvision"


def test_who_hosts_himself_stands_once() -> None:
    assert place_text(["US"], [("Google", "US")], "Google", "US") == (
        "server in US, operated by Google (US)"
    )
