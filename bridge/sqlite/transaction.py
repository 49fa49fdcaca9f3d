"""One transaction for a group of jobs, each of which can fail alone.

In: a connection and jobs. Out: their values or errors, once all is committed. Knows nothing of
threads or of who waits.
"""

import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from bridge.sqlite.connection import is_disk_failure
from bridge.sqlite.jobs import Bulk, Follower, Job

#: Returns what a job is told of what it raised.
Told = Callable[[Exception], Exception]


def run_group(
    db: sqlite3.Connection, group: Sequence[Job], followers: Sequence[Follower], told: Told
) -> None:
    """Run the jobs and commit; what a job raises undoes that job, and is its own.

    Raises:
        Exception: the disk failed; nothing is known of the whole group.
    """
    db.execute("BEGIN IMMEDIATE")
    for bulk, jobs in groupby(group, lambda job: job.bulk):
        if bulk is not None:
            _run_bulk(db, bulk, list(jobs), followers, told)
        else:
            for job in jobs:
                _run_job(db, job, followers, told)
    db.execute("COMMIT")
    for follower in followers:
        follower.committed()


def undone(followers: Sequence[Follower]) -> None:
    """Tell everybody that something was rolled back."""
    for follower in followers:
        follower.undone()


def _run_bulk(
    db: sqlite3.Connection,
    bulk: Bulk[Any, Any],
    jobs: Sequence[Job],
    followers: Sequence[Follower],
    told: Told,
) -> None:
    """Serve all by one call; where that fails, each by its own."""
    db.execute("SAVEPOINT job")
    try:
        values = bulk(db, [job.item for job in jobs])
    except Exception as failure:  # noqa: BLE001  # a job may raise anything
        _undo(db, failure, followers)
        for job in jobs:
            _run_job(db, job, followers, told)
        return
    db.execute("RELEASE job")
    for job, value in zip(jobs, values, strict=True):
        job.value, job.error = value, None


def _run_job(db: sqlite3.Connection, job: Job, followers: Sequence[Follower], told: Told) -> None:
    job.error = None
    assert job.work is not None  # noqa: S101  # those without are no part of a commit
    db.execute("SAVEPOINT job")
    try:
        job.value = job.work(db)
    except Exception as failure:  # noqa: BLE001  # a job may raise anything
        _undo(db, failure, followers)
        job.error = told(failure)
    else:
        db.execute("RELEASE job")


def _undo(db: sqlite3.Connection, failure: Exception, followers: Sequence[Follower]) -> None:
    """Undo what is running; raises the failure again where it is the disk's."""
    if is_disk_failure(failure) or not db.in_transaction:
        raise failure
    db.execute("ROLLBACK TO job")
    db.execute("RELEASE job")
    undone(followers)
