"""A sealed secret opens where it was put, with a key of the installation, and nowhere else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.secrets.box import HEAD_BYTES, NONCE_BYTES, TAG_BYTES, SecretBox
from application.ports.sealing import CannotOpen, CannotSeal, Place

OLD, NEW = "0123456789abcdef" * 4, "fedcba9876543210" * 4
HERE = Place(UUID(int=1), "stripe_accounts.key_sealed", "acct_1 live")
SECRET = "rk_live_the_merchants_own_key"
ELSEWHERE = (
    replace(HERE, merchant_id=UUID(int=2)),
    replace(HERE, column="stripe_accounts.endpoint_secrets_sealed"),
    replace(HERE, row="acct_2 live"),
    replace(HERE, column="stripe_accounts.key_sealedacct_1 live", row=""),
)


@given(st.text())
def test_what_is_sealed_opens_again(value: str) -> None:
    box = SecretBox((NEW,))
    assert box.open(HERE, box.seal(HERE, value)) == value


def test_the_same_secret_is_never_sealed_to_the_same_bytes() -> None:
    box = SecretBox((NEW,))
    assert box.seal(HERE, SECRET) != box.seal(HERE, SECRET)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_secret_that_was_moved_to_another_merchant_column_or_row_opens_nothing(
    place: Place,
) -> None:
    box = SecretBox((NEW,))
    with pytest.raises(CannotOpen, match="another place"):
        box.open(place, box.seal(HERE, SECRET))


def test_a_changed_bit_anywhere_is_noticed() -> None:
    box = SecretBox((NEW,))
    sealed = box.seal(HERE, SECRET)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        with pytest.raises(CannotOpen):
            box.open(HERE, changed)


def test_a_cut_value_is_noticed_at_every_length() -> None:
    box = SecretBox((NEW,))
    sealed = box.seal(HERE, SECRET)
    for length in range(len(sealed)):
        with pytest.raises(CannotOpen):
            box.open(HERE, sealed[:length])


def test_an_empty_secret_is_still_sealed() -> None:
    box = SecretBox((NEW,))
    sealed = box.seal(HERE, "")
    assert len(sealed) == HEAD_BYTES + NONCE_BYTES + TAG_BYTES
    assert box.open(HERE, sealed) == ""


def test_the_first_key_seals_and_all_open() -> None:
    before, both, after = SecretBox((OLD,)), SecretBox((NEW, OLD)), SecretBox((NEW,))
    sealed = before.seal(HERE, SECRET)
    assert both.open(HERE, sealed) == SECRET
    assert (before.is_current(sealed), both.is_current(sealed)) == (True, False)
    renewed = both.seal(HERE, both.open(HERE, sealed))
    assert both.is_current(renewed)
    assert after.open(HERE, renewed) == SECRET


def test_a_key_that_is_not_set_is_named_by_its_id_and_nothing_secret_is_told() -> None:
    sealed = SecretBox((OLD,)).seal(HERE, SECRET)
    with pytest.raises(CannotOpen, match=sealed[1:HEAD_BYTES].hex()) as told:
        SecretBox((NEW,)).open(HERE, sealed)
    for secret in (SECRET, OLD, NEW):
        assert secret not in str(told.value)


def test_without_keys_nothing_is_sealed_or_opened() -> None:
    sealed, keyless = SecretBox((NEW,)).seal(HERE, SECRET), SecretBox(())
    with pytest.raises(CannotSeal):
        keyless.seal(HERE, SECRET)
    with pytest.raises(CannotOpen):
        keyless.open(HERE, sealed)
    assert not keyless.is_current(sealed)
