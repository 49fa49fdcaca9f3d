"""What goes over the wire: golden bytes, since a retry must be the same request."""

from uuid import UUID

from bridge.delivery.wire import write

KEY = UUID("0b1f2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b")


def test_the_first_binding_carries_the_key_itself() -> None:
    wire = write(KEY, 0, "EARN5", "usr_1")

    assert wire.key == KEY
    assert wire.body == b'{"eventCode":"EARN5","userRef":"usr_1"}'


def test_later_bindings_carry_keys_of_their_own_that_never_change() -> None:
    keys = [write(KEY, binding, "EARN5", "usr_1").key for binding in (1, 2, 1)]

    assert keys[0] == keys[2] == UUID("71ca0d58-ccfd-4463-b25c-c101f8249222")
    assert keys[1] == UUID("99109022-5c69-40e5-9ea9-0bad0043c46a")


def test_text_is_written_as_it_is() -> None:
    assert write(KEY, 0, 'a"b', "ü\n").body == '{"eventCode":"a\\"b","userRef":"ü\\n"}'.encode()
