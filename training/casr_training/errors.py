"""What a user can set right; messages say what failed and on which file."""


class UserError(Exception):
    """Something that a user can set right: its message is all that is printed."""


class WeightsError(UserError):
    """A file that is no weights file, or does not fit."""


class CheckpointError(UserError):
    """The state of a run that cannot be gone on with."""


class DataError(UserError):
    """Images that are missing or do not fit."""


class TrainingError(UserError):
    """A run that cannot go on."""
