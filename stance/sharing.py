"""``push``: a model folder to the Hugging Face Hub, only when somebody asks for it."""

from __future__ import annotations

from stance.errors import MissingExtraError, OutputError, reason_of
from stance.store import BESIDE, ModelFolder

__all__ = ["push"]


def push(folder: ModelFolder, repo_id: str, *, private: bool = True) -> str:
    """Upload a model to the Hub; ``stance.load(repo_id)`` gets it back.

    The files that ``stance.json`` names, that file itself and the card go there, and nothing else
    that may lie in the folder. Who may write is known from ``hf auth login``.

    Args:
        folder: the model's folder; its checksums are verified first.
        repo_id: ``owner/name``; made where it is missing.
        private: a repository that is made can be seen by its owner alone.

    Returns:
        The address of the commit.

    Raises:
        ModelError: a file is not the one that ``stance.json`` speaks of.
        OutputError: the Hub refuses, or cannot be reached.
        MissingExtraError: the extra ``train`` is not installed.
    """
    try:
        from huggingface_hub import HfApi, errors
    except ModuleNotFoundError as error:
        raise MissingExtraError("sharing a model", extra="train") from error
    # The base of all that the Hub's own client of HTTP raises; not among the public names.
    unreachable: type[Exception] = vars(errors)["HTTPError"]
    folder.verify()
    api = HfApi()
    try:
        api.create_repo(repo_id, private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo_id,
            folder_path=folder.path,
            allow_patterns=[*folder.files, *BESIDE],
            commit_message=f"Upload {folder.name} {folder.version}",
        )
    except (unreachable, errors.HFValidationError, OSError, ValueError) as error:
        reason = reason_of(error)
        raise OutputError(
            f"cannot upload to {repo_id}: {reason}; check the name, the network and `hf auth login`"
        ) from error
    return str(commit.commit_url)
