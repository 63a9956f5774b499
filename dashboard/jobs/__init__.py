"""Work that takes longer than a click: short work in threads (`queue`), long work in processes (`process`)."""

from dashboard.jobs.process import LongJob, Processes, processes
from dashboard.jobs.queue import Cancelled, Job, JobQueue, shared_queue

__all__ = ["Cancelled", "Job", "JobQueue", "LongJob", "Processes", "processes", "shared_queue"]
