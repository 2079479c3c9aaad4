"""Why a demonstration ends before its end."""


class DemoFailed(Exception):
    """What went wrong and what to do next, in one sentence."""
