"""What explaining many users can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "stage.batch": "explaining lists",
    "batch.no_user": "{file}, row {row}: there is no user id; fill or drop it.",
    "batch.unknown_user": (
        "{file}, row {row}: no user {user!r} in {workspace} ({count} such {count|row|rows}); "
        "drop them, or train with them."
    ),
    "batch.no_partitions": "{folder} holds no Parquet files; give a folder with some, or one file of user ids.",
    "batch.inside": "the output folder {out} lies in the input {users}; choose one outside of it.",
    "batch.nobody": "{folder} names no user: no Parquet file in it has a row.",
    "batch.foreign": "{out} holds other files; choose an empty or a new folder.",
    "batch.other_run": (
        "{out} holds explanations with {name} {there!r}, not {wanted!r}; choose another folder, or remove this one."
    ),
    "batch.other_users": (
        "{file} in {out} was made for other users than are asked for now; remove it, or choose another folder."
    ),
    "batch.other_model": "a worker found another model in {workspace} than the run began with; start it again.",
    "batch.write": (
        "{file} could not be written: {reason}; {done} of {n} {n|partition is|partitions are} whole, "
        "start again for the others."
    ),
    "batch.interrupted": (
        "interrupted; {done} of {n} {n|partition is|partitions are} whole, start again for the others."
    ),
    "batch.worker_ended": (
        "a worker ended with status {status}; {done} of {n} {n|partition is|partitions are} whole, "
        "start again for the others (with fewer --processes where memory was short)."
    ),
    "batch.no_ray": "Ray is not installed; 'pip install -r {file}', or take --engine local.",
}
