"""Long work in the background."""

TEXTS = {
    "jobs.n": "{n} {n|job|jobs} at work",
    "jobs.failed": "{n} {n|job|jobs} stopped by an error",
    "jobs.cancel": "Stop",
    "jobs.stopping": "Stopping",
    "jobs.dismiss": "Close",
    "jobs.waiting": "Waiting for other work",
    "jobs.cost": "What being explainable costs: {workspace}",
    "jobs.measure": "Measuring the levels of {workspace}",
}
