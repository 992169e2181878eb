"""Methods that do not talk to the hub of HF_ENDPOINT, or to things that only the public hub has."""

from __future__ import annotations

__all__ = ["ELSEWHERE"]

_ENDPOINTS = "Inference Endpoints have an address of their own"
_JOBS = "jobs are rented machines of the public hub"
_PAPERS = "papers are content of the public hub"
_NO_CALL = "calls nothing by itself"

ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(
        (
            *("create_inference_endpoint", "create_inference_endpoint_from_catalog"),
            *("delete_inference_endpoint", "get_inference_endpoint", "list_inference_catalog"),
            *("list_inference_endpoints", "list_inference_endpoints_hardware"),
            *("pause_inference_endpoint", "resume_inference_endpoint", "update_inference_endpoint"),
            "scale_to_zero_inference_endpoint",
        ),
        _ENDPOINTS,
    ),
    **dict.fromkeys(
        (
            *("cancel_job", "create_scheduled_job", "create_scheduled_uv_job", "fetch_job_logs"),
            *("delete_scheduled_job", "fetch_job_metrics", "inspect_job", "inspect_scheduled_job"),
            *("list_jobs", "list_jobs_hardware", "list_scheduled_jobs", "rerun_job", "run_job"),
            *("resume_scheduled_job", "run_uv_job", "suspend_scheduled_job", "sync_job_volume"),
            *("trigger_scheduled_job", "update_job_expose", "update_job_labels", "wait_for_job"),
            *("update_scheduled_job_labels", "update_scheduled_job_schedule", "duplicate_job"),
        ),
        _JOBS,
    ),
    **dict.fromkeys(("list_daily_papers", "list_papers", "paper_info", "read_paper"), _PAPERS),
    "run_as_future": _NO_CALL,
    "enable_space_dev_mode": "apps run from a commit, without a container to log in to",
    "get_zero_gpu_quota": "ZeroGPU is rented hardware of the public hub",
    "list_dataset_parquet_files": "the client refuses every endpoint but the public one",
    "request_space_storage": "rented storage of the public hub",
    "delete_space_storage": "rented storage of the public hub",
}
"""Why a method cannot work against any private hub."""
