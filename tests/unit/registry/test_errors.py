"""Every error of the registry is drawn in its tree and says what to do next."""

from registry import errors


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    classes = [thing for thing in vars(errors).values() if isinstance(thing, type)]
    assert errors.__doc__ is not None
    drawn = set(errors.__doc__.split())
    for one in classes:
        assert one.__name__ in drawn
        assert issubclass(one, errors.RegistryError)


def test_messages_name_the_next_step() -> None:
    for one in (errors.NotBuilt, errors.HalfBuilt, errors.AlreadyBuilt, errors.OtherPopulation, errors.SecondWriter):
        assert ":" in str(one())
    assert "try again" in str(errors.StoreUnavailable("SQLITE_BUSY"))
